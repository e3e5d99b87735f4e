"""The compiled kernels: how one piecewise-linear layer cuts a planar complex of convex cells.

A layer's neurons are affine on every cell, so each cuts a cell in at most one chord. Cells share
vertices and edges, and both are cut once:

1. ``sign_planes`` packs the signs of all pre-activations at all vertices into two bit planes. A
   value within its neuron's tolerance is zero: the vertex lies *on* that boundary.
2. ``cut_edges`` cuts every edge at each neuron that changes sign along it. The new vertices belong
   to the cells on both sides.
3. ``split_cells`` takes one cell at a time. Every neuron that crosses it has two ends on its
   border, fixed by step 2. The cell is split along one chord; whether another chord crosses that
   one follows from the order of their four ends around the border, never from coordinates, and a
   crossing chord is cut at the new edge at once. Both halves are then smaller cells of the same
   kind. The result is a planar subdivision whatever the rounding: coordinates only order the
   crossings along one chord, and crossings closer than their own uncertainty become one vertex.
4. ``weigh`` and ``interpolate`` give values at the new vertices.

All kernels release the GIL, and cells are independent of each other in step 3, so that blocks of
cells can be split in threads. Half-edges are ``2 * edge + direction``; direction 0 runs from the
edge's first vertex to its second and has its cell on the left.

Arrays that belong together are named tuples (``arguments``): to the machine they are so many single
arrays, so that they cost nothing. ``cells`` is to be read from the top: what it does with a cell's
border is in ``borders``, with a piece and a chord in ``chords``, with the crossings on an edge or a
chord in ``crossings``. Kernels make no arrays inside their loops (``compiling`` says why); where
room runs out they stop, are given more, and go on.

Compiled code is cached beside the source, and made anew when any of these files has changed.
"""
