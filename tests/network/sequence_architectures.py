"""Small networks for sequences and vectors, each in the style of a family."""

from __future__ import annotations

import warnings

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, prune


class Attention(nn.Module):
    """Attention as it is written out."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.causal = heads, causal
        self.register_buffer("bias", torch.tril(torch.ones(1, 1, 16, 16)), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, length, width = x.size()
        q, k, v = (
            part.view(n, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(width, dim=2)
        )
        scores = (q @ k.transpose(-2, -1)) / (width // self.heads) ** 0.5
        if self.causal:
            allowed = self.bias[:, :, :length, :length]
            scores = scores.masked_fill(allowed == 0, float("-inf"))
        out = F.softmax(scores, dim=-1) @ v
        return self.c_proj(out.transpose(1, 2).contiguous().view(n, length, width))


class Block(nn.Module):
    def __init__(self, width: int = 8, heads: int = 2, causal: bool = False) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, causal)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(2 * width, width),
            nn.Dropout(0.1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class TorchBlock(nn.Module):
    """With torch's own attention."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 12), nn.ReLU(), nn.Linear(12, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        read = self.norm1(x)
        x = x + self.attention(read, read, read, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Its last layer has the weights of the embedding."""

    def __init__(self, causal: bool, width: int = 8, words: int = 11) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(16, width)
        self.blocks = nn.ModuleList(Block(width, causal=causal) for _ in range(2))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, words, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.size(1), device=tokens.device)
        x = self.wte(tokens) + self.wpe(places)
        for block in self.blocks:
            x = block(x)
        return self.lm_head(self.ln_f(x))[:, [-1], :]


class BERT(nn.Module):
    """Token 0 is no word: nothing looks at it."""

    def __init__(self, width: int = 8, words: int = 11) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width, padding_idx=0)
        self.places = nn.Embedding(16, width)
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(width, 2, 12, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.pooler, self.classifier = nn.Linear(width, width), nn.Linear(width, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.words(tokens) + self.places.weight[: tokens.shape[1]]
        x = self.encoder(self.norm(x), src_key_padding_mask=tokens == 0)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class RMSNorm(nn.Module):
    """Written with conversions, as where numbers have 16 bits."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.weight * wide.type_as(x)


def rotated(x: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


class Llama(nn.Module):
    """One layer: rotary positions, two heads that share keys and values, a gated MLP."""

    def __init__(self, width: int = 8, norm: type[nn.Module] = nn.RMSNorm) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = norm(width), norm(width), norm(width)
        self.q, self.kv = nn.Linear(width, width, False), nn.Linear(width, width, False)
        self.o = nn.Linear(width, width, False)
        self.gate, self.up = nn.Linear(width, 12, False), nn.Linear(width, 12, False)
        self.down, self.head = nn.Linear(12, width, False), nn.Linear(width, 3)
        self.register_buffer("frequencies", 1 / 100 ** (torch.arange(0, 4, 2) / 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, length, width = x.shape
        angles = torch.outer(torch.arange(length).to(self.frequencies), self.frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = angles.cos()[None, None].to(x.dtype), angles.sin()[None, None].to(x.dtype)
        read = self.norm1(x)
        q = self.q(read).view(n, length, 2, width // 2).transpose(1, 2)
        k, v = self.kv(read).view(n, length, 2, 1, width // 2).permute(2, 0, 3, 1, 4)
        q, k = q * cos + rotated(q) * sin, k * cos + rotated(k) * sin
        k, v = (part.repeat_interleave(2, dim=1) for part in (k, v))
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(out.transpose(1, 2).reshape(n, length, width))
        read = self.norm2(x)
        x = x + self.down(F.silu(self.gate(read)) * self.up(read))
        return self.head(self.norm3(x)[:, -1])


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], **options: int | bool) -> None:
        super().__init__()
        self.rnn = kind(3, 5, batch_first=True, **options)
        width = 10 if options.get("bidirectional") else 5
        self.head = nn.Sequential(nn.Linear(width, 16, bias=False), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


class TiedAutoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder1, self.encoder2 = nn.Linear(8, 6), nn.Linear(6, 3)
        self.bias1, self.bias2 = nn.Parameter(torch.randn(6)), nn.Parameter(torch.randn(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        code = F.relu(self.encoder2(F.relu(self.encoder1(x))))
        out = F.relu(F.linear(code, self.encoder2.weight.t(), self.bias1))
        return F.linear(out, self.encoder1.weight.t(), self.bias2)


class Maxout(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(4, 12), nn.Linear(6, 12), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x).view(len(x), 6, 2).max(dim=-1).values
        return self.last(F.leaky_relu(self.second(x).unflatten(1, (4, 3)).amax(2), 0.2))


class LoRA(nn.Module):
    """A linear layer and what has been learned beside it, which may be merged."""

    def __init__(self, before: int, after: int, merged: bool) -> None:
        super().__init__()
        self.base = nn.Linear(before, after)
        self.a, self.b = nn.Parameter(torch.randn(2, before)), nn.Parameter(torch.randn(after, 2))
        self.merged = merged

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.merged:
            return F.linear(x, self.base.weight + 0.5 * self.b @ self.a, self.base.bias)
        return self.base(x) + 0.5 * (F.dropout(x, 0.1, self.training) @ self.a.T) @ self.b.T


def lora(merged: bool) -> nn.Module:
    return nn.Sequential(
        LoRA(5, 8, merged), nn.ReLU(), LoRA(8, 6, merged), nn.ReLU(), LoRA(6, 3, merged)
    )


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        # It says that there is a newer one.
        warnings.simplefilter("ignore", FutureWarning)
        norm = nn.utils.weight_norm
        first, last = norm(nn.Linear(4, 9)), norm(nn.Linear(9, 3), dim=None)
        return nn.Sequential(first, nn.ReLU(), nn.Linear(9, 9), nn.LeakyReLU(0.1), last)


def weight_norm() -> nn.Module:
    norm = parametrizations.weight_norm
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 4, 4)), norm(nn.Conv2d(1, 3, 3)), nn.ELU()),
        *(nn.Flatten(), norm(nn.Linear(12, 3))),
    )


def spectral_norm() -> nn.Module:
    norm = parametrizations.spectral_norm
    return nn.Sequential(
        norm(nn.Linear(4, 9)),
        nn.LeakyReLU(0.2),
        nn.utils.spectral_norm(nn.Linear(9, 7)),
        *(nn.ReLU(), norm(nn.Linear(7, 1))),
    )


def pruned() -> nn.Module:
    network = nn.Sequential(
        *[nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 9), nn.ReLU(), nn.Linear(9, 3)]
    )
    prune.l1_unstructured(network[0], "weight", amount=0.5)
    prune.ln_structured(network[2], "weight", amount=0.3, n=2, dim=0)
    prune.l1_unstructured(network[2], "bias", amount=3)
    return network


class Coupling(nn.Module):
    """Half of the numbers are scaled and moved by what the other half says."""

    def __init__(self, width: int, flip: bool) -> None:
        super().__init__()
        half = width // 2
        self.net = nn.Sequential(nn.Linear(half, 8), nn.ReLU(), nn.Linear(8, 2 * half))
        self.flip = flip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.flip:
            x = x.flip(-1)
        kept, moved = x.tensor_split(2, dim=1)
        scale, shift = self.net(kept).chunk(2, dim=1)
        return torch.cat([kept, moved * torch.exp(torch.tanh(scale)) + shift], dim=1)


class Held(nn.Module):
    """Parts that are held by a list and a dict, wrapped, or made in the forward."""

    def __init__(self, wrapped: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        self.activations = nn.ModuleDict({"kink": nn.ReLU(), "cut": nn.Hardtanh(-0.5, 2)})
        self.inner = nn.Sequential(nn.Linear(6, 6), nn.PReLU(6))
        self.outer = nn.Sequential(nn.Linear(6, 6), nn.ReLU())
        if wrapped:
            self.inner = nn.DataParallel(self.inner)
            self.outer = torch.compile(self.outer, backend="eager")
        self.plain = [self.blocks[0], self.blocks[1]]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer, name in zip(self.plain, ("kink", "cut"), strict=True):
            x = self.activations[name](layer(x))
        x = nn.Threshold(0.1, 0.1)(self.blocks[2](x))
        return torch.stack([self.inner(x), self.outer(x)]).mean(0)
