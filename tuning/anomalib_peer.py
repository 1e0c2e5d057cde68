"""anomalib's PatchCore on pictures that lie in a folder; run by a Python that has anomalib, not by this program's.

    FOLDER/good.npy, test.npy    (N, 256, 256, 3) uint8 RGB
    FOLDER/trunk.safetensors     weights of timm's tf_efficientnet_lite0
    FOLDER/scores.json           written: a score for each test picture, seconds of teaching, ms a picture

It stands alone, because its dependencies clash with this program's.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LAYERS = ["blocks.2", "blocks.4"]  # strides 8 and 16
KEPT = 0.1  # of the features: anomalib's default


def main(folder: Path) -> None:
    """Teach on the good pictures, score the others."""
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel  # type: ignore[import-not-found]

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = PatchcoreModel(backbone="tf_efficientnet_lite0", layers=LAYERS, pre_trained=False, num_neighbors=9)
    weights = load_file(folder / "trunk.safetensors")
    own = model.feature_extractor.state_dict()
    model.feature_extractor.load_state_dict({name: _weight(weights, name) for name in own})
    start = time.monotonic()
    model.train()
    model.feature_extractor.eval()
    for picture in np.load(folder / "good.npy"):
        model(_tensor(picture))
    model.subsample_embedding(KEPT)
    taught_s, start = time.monotonic() - start, time.monotonic()
    model.eval()
    test = np.load(folder / "test.npy")
    scores = [float(model(_tensor(picture)).pred_score) for picture in test]
    ms = (time.monotonic() - start) * 1000 / len(test)
    (folder / "scores.json").write_text(json.dumps({"scores": scores, "taught_s": taught_s, "ms": ms}))


def _weight(weights: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """anomalib wraps timm's features under a name of its own."""
    return next(value for known, value in weights.items() if name.endswith(known))


def _tensor(picture: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    return (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
