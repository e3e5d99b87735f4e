"""The exercises of the course: `check` tells whether an answer is right; `answers` computes it."""

from splineviz.exercises.checking import check as check
