"""Builds what the functions run from: one directory with the project's code and its locked wheels, compiled.

Every function gets the same directory: one upload, one hash, and what a function does not import costs it nothing. The
tracker, a script for browsers, lies in it minified. The result is kept under build/ by the hash of everything that goes
into it. Knows nothing of the CDK.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
UV = ROOT / ".tools" / "bin" / "uv"
ESBUILD = ROOT / "node_modules" / ".bin" / "esbuild"
RUNTIME_LOCK = ROOT / "requirements" / "runtime.txt"

#: Where the wheels must run: Lambda's arm64 (Amazon Linux 2023 has glibc 2.34), or the machine this runs on.
PLATFORMS = {"aws": ["--python-platform", "aarch64-manylinux_2_28"], "local": []}

#: What of the project is deployed: a folder below the root, and the files below it. The CLI runs on a user's machine.
CODE = {".": ("functions/*.py",), "shared": ("leadscore/**/*.py", "leadscore/models/*", "leadscore/tracker/*.js")}
NOT_DEPLOYED = "leadscore/cli/"

UNUSED_POWERTOOLS = (
    "auth_alpha",
    "batch",
    "circuit_breaker",
    "data_masking",
    "feature_flags",
    "idempotency",
    "kafka",
    "metadata",
    "parameters",
    "parser",
    "streaming",
    "validation",
)

#: Parts of the wheels that no function reaches, as globs. Tests import every function from a bundle without them.
UNUSED = (
    ".lock",
    "*.dist-info",
    "_yaml",
    "bin",
    "**/*.pyi",
    "**/py.typed",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    *(f"aws_lambda_powertools/utilities/{name}" for name in UNUSED_POWERTOOLS),
    "boto3/data",
    "boto3/examples",
    "dateutil/zoneinfo",
    "ecdsa/test_*.py",
    "publicsuffixlist/test*",
    "pyreferrer/*_test.py",
    "pydantic/_hypothesis_plugin.py",
    "pydantic/mypy.py",
    "pydantic/v1",
    "urllib3/contrib/emscripten",
)

#: The AWS services that functions call, and of their descriptions what a client reads.
SERVICES = ("dynamodb", "s3", "secretsmanager", "sns", "sqs", "sts")
DESCRIPTIONS = ("endpoint-rule-set-1", "paginators-1", "service-2", "waiters-2")


def build(target: str) -> Path:
    """The directory to deploy to a target of PLATFORMS; made only when something that goes into it has changed."""
    # Read once: a file saved while this runs must not end up under the hash of what it was.
    code = {name: _deployed(path) for name, path in _code().items()}
    digest = _digest([target, sys.version, *code], [*_recipe(), *code.values()])

    def fill(directory: Path) -> None:
        shutil.copytree(_dependencies(target), directory, copy_function=os.link, dirs_exist_ok=True)
        for name, content in code.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)
        _compile(directory, [directory / "functions", directory / "leadscore"])

    return _once(BUILD / "functions" / f"{target}-{digest}", fill)


@cache
def minified(script: str) -> bytes:
    """A browser's script with everything taken out of it that only people read. Needs node_modules (`make setup`)."""
    # What browsers since 2020 understand: `esbuild` writes nothing newer.
    command = [str(ESBUILD), "--minify", "--target=es2020", "--legal-comments=none"]
    return subprocess.run(command, input=script.encode(), capture_output=True, check=True).stdout


def _deployed(path: Path) -> bytes:
    return minified(path.read_text()) if path.suffix == ".js" else path.read_bytes()


def _dependencies(target: str) -> Path:
    def fill(directory: Path) -> None:
        _install(directory, PLATFORMS[target])
        for pattern in UNUSED:
            for path in list(directory.glob(pattern)):
                _remove(path)
        _describe_only_our_services(directory / "botocore" / "data")
        _compile(directory, [directory])

    digest = _digest([target, sys.version], _recipe())
    return _once(BUILD / "dependencies" / f"{target}-{digest}", fill)


def _code() -> dict[str, Path]:
    """What to copy, by its name in the bundle."""
    found = {}
    for folder, patterns in CODE.items():
        for pattern in patterns:
            for path in (ROOT / folder).glob(pattern):
                name = path.relative_to(ROOT / folder).as_posix()
                if path.is_file() and not name.startswith(NOT_DEPLOYED):
                    found[name] = path
    return dict(sorted(found.items()))


def _install(directory: Path, platform: list[str]) -> None:
    command = [str(UV), "pip", "install", "--quiet", "--target", str(directory), "--python", sys.executable]
    # Copied, not linked: what is trimmed below must not be trimmed in uv's cache.
    command += ["--link-mode", "copy", *platform]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(RUNTIME_LOCK)]
    subprocess.run(command, check=True)


def _describe_only_our_services(data: Path) -> None:
    """Botocore describes 430 services, with their manuals: 24 MB, of which a cold start would parse what it meets."""
    for path in sorted(data.iterdir()):
        if path.is_dir() and path.name not in SERVICES:
            _remove(path)
    for path in sorted(data.glob("*/*/*")):
        _rewrite(path, _undocumented) if path.name.startswith(DESCRIPTIONS) else _remove(path)
    _rewrite(data / "endpoints.json", _our_endpoints)


def _rewrite(path: Path, change: Callable[[object], object]) -> None:
    """Replace a description by a changed one, unpacked: that loads faster, and the bundle is zipped anyway."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
        path.unlink()
        path = path.with_suffix("")
    path.write_text(json.dumps(change(json.loads(content)), separators=(",", ":")))


def _undocumented(description: object) -> object:
    if isinstance(description, dict):
        # Emptied, as clients look for it; and only where it is text, for a shape may have a member of that name.
        return {
            key: "" if key == "documentation" and isinstance(value, str) else _undocumented(value)
            for key, value in description.items()
        }
    if isinstance(description, list):
        return [_undocumented(value) for value in description]
    return description


def _our_endpoints(endpoints: object) -> object:
    match endpoints:
        case {"partitions": partitions}:
            for partition in partitions:
                partition["services"] = {k: v for k, v in partition["services"].items() if k in SERVICES}
            return endpoints
        case _:
            raise ValueError("botocore's endpoints.json has another shape than expected")


def _compile(root: Path, directories: Iterable[Path]) -> None:
    """A .pyc that is believed without a look at its source: Lambda unpacks with other times, and cannot write its own.

    In a process of its own, because what the interpreter has interned by chance shows in the bytes.
    """
    command = [sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", root, "-p", "/var/task", *directories], check=True)


def _once(directory: Path, fill: Callable[[Path], None]) -> Path:
    """Make a directory whole or not at all, so that an interrupted run leaves nothing that looks finished."""
    if directory.exists():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".") as staging:
        unfinished = Path(staging) / directory.name
        unfinished.mkdir()
        fill(unfinished)
        try:
            unfinished.rename(directory)
        except OSError:
            if not directory.exists():  # Whoever was quicker has made the same.
                raise
    return directory


def _recipe() -> list[bytes]:
    return [Path(__file__).read_bytes(), RUNTIME_LOCK.read_bytes()]


def _digest(names: Iterable[str], contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256(json.dumps(list(names)).encode())
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
