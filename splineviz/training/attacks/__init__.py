"""Adversarial attacks, and the accuracy that is left under them."""

from splineviz.training.attacks.budgets import PAPER as PAPER
