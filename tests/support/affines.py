"""Made-up geometry, and plain arithmetic that says where voxels lie."""

import itertools

import numpy as np
from hypothesis import strategies as st

ANY_ORIENTATION = [
    "".join(letters) for pairs in itertools.permutations(("RL", "AP", "SI")) for letters in itertools.product(*pairs)
]


def rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rodrigues' formula: a turn by `angle` radians around `axis`."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@st.composite
def affines(draw, largest_angle: float = 0.5) -> np.ndarray:
    """Axes in any order and direction, turned by up to `largest_angle`, any spacing from 0.3 to 6 mm."""
    order = draw(st.permutations(range(3)))
    signs = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    spacing = draw(st.tuples(*[st.floats(0.3, 6)] * 3))
    axis = np.array(draw(st.tuples(st.floats(1, 3), st.floats(-1, 1), st.floats(-1, 1))))
    affine = np.eye(4)
    turned = rotation(axis, draw(st.floats(-largest_angle, largest_angle)))
    affine[:3, :3] = turned @ np.eye(3)[:, order] @ np.diag(np.array(signs) * spacing)
    affine[:3, 3] = draw(st.tuples(*[st.floats(-300, 300)] * 3))
    return affine


def shapes(shortest: int = 1, longest: int = 7) -> st.SearchStrategy[tuple[int, int, int]]:
    """Shapes of small volumes."""
    return st.tuples(*[st.integers(shortest, longest)] * 3)


def places(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The centre of each voxel in RAS, mm: (*shape, 3)."""
    index = np.stack(np.meshgrid(*(np.arange(length) for length in shape), indexing="ij"), axis=-1)
    return index @ affine[:3, :3].T + affine[:3, 3]
