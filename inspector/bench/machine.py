"""The machine under a bench: what it is, how much memory the process took, how much of it others took meanwhile.

Times measured beside other programs say little about the line, so every figure comes with the share that they had.
"""

import contextlib
import os
import platform
import time
from pathlib import Path

import onnxruntime

from inspector.bench.figures import Machine

_PROC = Path("/proc")
_RESET_PEAK = "5"  # proc(5), clear_refs: the resident peak starts again from what is resident now


def this_machine() -> Machine:
    """Processor, cores, memory and versions."""
    return Machine(
        cpu=_field(_PROC / "cpuinfo", "model name") or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_mb=_kilobytes(_PROC / "meminfo", "MemTotal") or None,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        onnxruntime=onnxruntime.__version__,
    )


def forget_peak() -> None:
    """Let the peak of resident memory begin again here; where the system cannot, it stays the whole process's."""
    with contextlib.suppress(OSError):
        (_PROC / "self" / "clear_refs").write_text(_RESET_PEAK)


def peak_mb() -> float | None:
    """Highest resident memory of this process; None where the system does not tell."""
    return _kilobytes(_PROC / "self" / "status", "VmHWM") or None


class Load:
    """What else ran on this machine, from its making on."""

    def __init__(self) -> None:
        self._busy_s, self._all_s = _machine_s()
        self._own_s = time.process_time()

    @property
    def others_pct(self) -> float | None:
        """Share of the machine's processor time that went to other programs; None where the system does not tell."""
        busy_s, all_s = _machine_s()
        if all_s <= self._all_s:
            return None
        others_s = busy_s - self._busy_s - (time.process_time() - self._own_s)
        return round(max(0.0, 100 * others_s / (all_s - self._all_s)), 1)


def _machine_s() -> tuple[float, float]:
    """Busy and whole processor seconds since the machine started, over all cores; zeros where it does not tell.

    Source: proc(5), /proc/stat: user nice system idle iowait irq softirq steal.
    """
    try:
        fields = [int(field) for field in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0.0, 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    return (sum(fields) - fields[3] - fields[4]) / ticks, sum(fields) / ticks


def _kilobytes(file: Path, name: str) -> int:
    """A field in kB, as MB; 0 where it is not told."""
    words = _field(file, name).split()
    return round(int(words[0]) / 1024) if words else 0


def _field(file: Path, name: str) -> str:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), "")
