"""What the first notebook states about the runs that it trains itself.

Late in a training another machine goes other ways, so only what holds all the same is asserted.
"""

import numpy as np

from splineviz.partition.enumeration import enumerate_regions


def check(moons, folder, digits, images, three, plane):
    """Called behind the notebook's last cell, with what stands in its variables."""
    # Section 2: a manifest, the metrics as a table, one file of weights a checkpoint, no pickles.
    kept = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    weights = [name for name in kept if name.startswith("checkpoints/")]
    assert len(weights) == len(moons), kept
    assert {"manifest.json", "metrics.csv"} <= set(kept), kept
    assert all(name.endswith((".json", ".csv", ".safetensors")) for name in kept), kept

    # Section 3: right on all 200 training images long before it is right on others.
    metrics = digits.metrics
    fitted = metrics.index[metrics["train_accuracy"] == 1][0]
    learnt = metrics.index[metrics["test_accuracy"] >= 0.9][0]
    assert len(images) == 200
    assert learnt > 3 * fitted, (fitted, learnt)

    # When nine in ten test images are right, the plane holds more regions than when all training
    # images were fitted, and their number goes on rising long after. It falls only late.
    at = [int(digits.steps[np.searchsorted(digits.steps, step)]) for step in (fitted, learnt)]
    partitions = {
        int(step): enumerate_regions(digits.program(int(step)), plane)
        for step in digits.steps
        if step >= at[0]
    }
    counts = {step: len(partition) for step, partition in partitions.items()}
    highest = max(counts, key=counts.get)
    assert counts[at[1]] > counts[at[0]], counts
    assert highest >= 2 * learnt, counts
    assert counts[max(counts)] < 0.75 * counts[highest], counts

    # The slope at the three stars falls to less than half.
    stars = plane.project(images[three])[0]
    slopes = [partitions[step].slope_norms()[partitions[step].locate(stars)] for step in at]
    assert (slopes[1] < slopes[0] / 2).all(), slopes

    # A single region's area can change threefold from one checkpoint to the next.
    areas = np.array([each.areas[each.locate(stars)] for each in partitions.values()])
    assert (abs(np.log(areas[1:] / areas[:-1])).max(axis=0) > np.log(3)).all(), areas
