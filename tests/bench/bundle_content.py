"""What the functions' bundle holds, and how large it is."""

import importlib.util
import zipfile
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from infra import bundle
from tests.bench.figures import Figure, Progress, Section, exactly

MEGABYTE = 1_000_000
#: Lambda's bound on what a function's code takes unpacked.
UNPACKED_BYTES_MAX = 250 * 1_024 * 1_024
PACKAGES_SHOWN = 12
_UNCHECKED_HASH = 0b01


@dataclass(frozen=True)
class Content:
    """`uncompiled` are the .py files without a .pyc that the runtime believes unread."""

    packages: Counter[str]
    zipped: int
    sources: int
    uncompiled: tuple[str, ...]

    @property
    def size(self) -> int:
        return self.packages.total()


def measure(directory: Path) -> Content:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    packages: Counter[str] = Counter()
    for path in files:
        packages[path.relative_to(directory).parts[0]] += path.stat().st_size
    sources = [path for path in files if path.suffix == ".py"]
    return Content(
        packages=packages,
        zipped=_zipped_bytes(directory, files),
        sources=len(sources),
        uncompiled=tuple(str(path.relative_to(directory)) for path in sources if not _is_compiled(path)),
    )


def _is_compiled(source: Path) -> bool:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists():
        return False
    head = compiled.read_bytes()[:8]
    return head[:4] == importlib.util.MAGIC_NUMBER and int.from_bytes(head[4:], "little") == _UNCHECKED_HASH


def _zipped_bytes(directory: Path, files: list[Path]) -> int:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(directory))
    return packed.tell()


def sections(progress: Progress) -> list[Section]:
    progress("building for Lambda")
    directory = bundle.build("aws")
    progress("weighing")
    content = measure(directory)
    largest = content.packages.most_common(PACKAGES_SHOWN)
    rest = content.size - sum(size for _, size in largest)
    return [
        Section(
            "The bundle, for arm64",
            "One for all functions: what a function does not import costs it nothing but the download.",
            [
                Figure("unpacked", content.size / MEGABYTE, most=UNPACKED_BYTES_MAX / MEGABYTE, is_exact=True),
                Figure("zipped, as uploaded", content.zipped / MEGABYTE),
                *(Figure(f"  {name}", size / MEGABYTE) for name, size in largest),
                *([Figure("  others", rest / MEGABYTE)] if rest else []),
            ],
            unit="MB",
        ),
        Section(
            "Compiled code in the bundle",
            "A .pyc of the runtime's Python with an unchecked hash: a cold start compiles nothing.",
            [
                Figure("Python sources", content.sources, style=",.0f"),
                exactly(
                    "of them without such a .pyc",
                    len(content.uncompiled),
                    0,
                    style=".0f",
                    note=", ".join(content.uncompiled[:5]),
                ),
            ],
        ),
    ]
