"""Opening a graph: on the device that was asked for, or not at all.

`onnxruntime.get_available_providers()` lists what was compiled in, not what this machine can run, and a session that
cannot get its device falls back to the CPU with a line on stderr. So the device is tried first, asked for only where
it loads, and the session is asked afterwards what it really runs on.
"""

import ctypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.errors import DeviceAbsent, OutputInvalid, PackageInvalid

Device = Literal["cpu", "cuda", "tensorrt"]

_PROVIDERS: dict[Device, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
# A look has as many patches and an answer as many tokens as it needs, and cuDNN plans every convolution anew for a new
# shape: half a second by trying all of its ways (the default), a fifth of it by its rule of thumb (H100, cuDNN 9).
_PLANNING = {"cudnn_conv_algo_search": "HEURISTIC"}
_LIBRARIES: dict[Device, tuple[str, ...]] = {
    "cpu": (),
    "cuda": ("libonnxruntime_providers_cuda.so",),
    "tensorrt": ("libonnxruntime_providers_cuda.so", "libonnxruntime_providers_tensorrt.so"),
}


class Session:
    """An open graph. It knows how long it has run, so that what the code round it costs can be told apart."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.run_s = 0.0  # in `run`, from the beginning on
        self.shapes: dict[str, tuple[int, ...]] = {  # of the inputs; 0: any
            one.name: tuple(side if isinstance(side, int) else 0 for side in one.shape) for one in session.get_inputs()
        }

    def run(
        self, outputs: Sequence[str], feed: Mapping[str, NDArray[np.generic]], *, rows: int | None = None
    ) -> list[NDArray[np.float32]]:
        """Outputs by name, from inputs by name.

        Args:
            rows: the graph is shown so many rows of every input at a time, the last time filled up; all if not given.
        """
        start = time.perf_counter()
        found: list[NDArray[np.float32]] = (
            self._session.run(outputs, feed) if rows is None else self._run_by(rows, outputs, feed)
        )
        self.run_s += time.perf_counter() - start
        return found

    def _run_by(
        self, rows: int, outputs: Sequence[str], feed: Mapping[str, NDArray[np.generic]]
    ) -> list[NDArray[np.float32]]:
        count = len(next(iter(feed.values())))
        parts = []
        for start in range(0, count, rows):
            shown = np.minimum(np.arange(start, start + rows), count - 1)  # the last row fills up
            parts.append(self._session.run(outputs, {name: values[shown] for name, values in feed.items()}))
        return [np.concatenate(part)[:count] for part in zip(*parts, strict=True)]


def require_numbers(*outputs: NDArray[np.float32]) -> None:
    """Refuse what a broken graph, memory or device gives: compared with any threshold NaN would pass as nothing seen.

    Raises:
        OutputInvalid: an output holds NaN or infinity.
    """
    if not all(np.isfinite(output.sum()) for output in outputs):
        raise OutputInvalid(
            "a graph gave a value that is no number. The unit was not judged. Check the machine's memory and device; "
            "assemble the package again."
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and what it really runs on."""

    session: Session
    device: Device
    providers: tuple[str, ...]  # as the session reports them, first choice first


def open_session(graph: Path | bytes, *, threads: int, device: Device = "cpu") -> Opened:
    """Load a graph.

    Args:
        graph: a file, or its bytes.
        threads: cores for one run.
        device: no other one is ever used instead; nodes that it lacks run on the CPU beside it.

    Raises:
        DeviceAbsent: this machine cannot run on it; the text says what is missing.
    """
    if lacking := missing(device):
        raise DeviceAbsent(
            f"{device}: {lacking}. Nothing was loaded and no other device is used instead. Name device cpu, or "
            "install what is missing."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # one graph's idle threads slow the next
    options.log_severity_level = 3
    options.enable_mem_pattern = (
        False  # lengths vary from unit to unit: a remembered plan for every length only costs memory
    )
    wanted = [(_PROVIDERS[d], _PLANNING if d == "cuda" else {}) for d in _beside(device)]
    try:
        source = str(graph) if isinstance(graph, Path) else graph
        session = onnxruntime.InferenceSession(source, options, providers=wanted)
    except Exception as error:  # ONNX Runtime's errors share no base
        raise PackageInvalid(
            f"{graph if isinstance(graph, Path) else 'graph'}: ONNX Runtime cannot open it: "
            f"{' '.join(str(error).split())}. Nothing was loaded. Assemble the package again with the program that it "
            "belongs to."
        ) from error
    got = tuple(session.get_providers())
    if got[0] != _PROVIDERS[device]:
        raise DeviceAbsent(
            f"{device}: the session runs on {', '.join(got)} instead. Nothing was started. Check the driver, or "
            "name device cpu."
        )
    return Opened(Session(session), device, got)


def missing(device: Device) -> str:
    """What keeps this machine from running on the device; empty when nothing does."""
    if device == "cpu":
        return ""
    if _PROVIDERS[device] not in onnxruntime.get_available_providers():
        return "this build of onnxruntime has no support for it (onnxruntime-gpu has)"
    if not _gpus():
        return "no NVIDIA driver, or it shows no GPU"
    onnxruntime.preload_dlls()  # finds CUDA and cuDNN where pip put them
    folder = Path(onnxruntime.__file__).parent / "capi"
    for library in _LIBRARIES[device]:
        try:
            ctypes.CDLL(str(folder / library), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            if "undefined symbol" not in str(error):  # the provider finds those in onnxruntime itself
                return f"{library} does not load: {error}"
    return ""


def _beside(device: Device) -> tuple[Device, ...]:
    """The device and those that its graph's other nodes run on, first choice first."""
    order: tuple[Device, ...] = ("tensorrt", "cuda", "cpu")
    return order[order.index(device) :]


def _gpus() -> int:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
