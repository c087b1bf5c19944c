"""`leadscore model check`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadscore.cli import main
from leadscore.cli.model_files import shipped_models

VALID = "model: mine\nstages:\n  - stage: new\n  - {stage: mql, at: 50, route: nurture}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def check(file: Path | str) -> Result:
    return CliRunner().invoke(main, ["model", "check", str(file)], env={"COLUMNS": "200"})


def test_the_shipped_model_is_summed_up_on_one_screen() -> None:
    result = check("b2b")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Model b2b is valid: 4 stages, 1 score of its own, 15 fit rules, 23 engagement ")
    assert "total 100 and fit -20" in result.stdout
    assert "Competitor" in result.stdout
    assert len(result.stdout.splitlines()) <= 40


def test_a_mistake_goes_to_stderr_with_its_line_and_ends_with_status_1(file: Path) -> None:
    file.write_text(VALID + "engagement:\n  - {rule: A, event: X, point: 5}\n")
    result = check(file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"{file}:6: engagement[0].point: unknown field `point`; did you mean `points`?\n1 problem found\n"
    )


def test_a_warning_comes_with_its_reason_and_does_not_fail(file: Path) -> None:
    file.write_text(VALID + 'engagement:\n  - {rule: "Big [bold]", event: X, points: 40}\n')
    result = check(file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"warning: {file}:6: engagement[0].points: 40 points are more than half of the 50" in result.stdout
    assert "Big [bold]" in result.stdout


def test_a_model_of_two_rules_shows_each_once(file: Path) -> None:
    file.write_text(
        VALID + "engagement:\n  - {rule: Up, event: X, points: 5}\n  - {rule: Down, event: X, points: -5}\n"
    )
    stdout = check(file).stdout
    assert (stdout.count("Up"), stdout.count("Down")) == (1, 1)


def test_a_file_in_another_encoding_is_told_to_be_saved_as_utf_8(file: Path) -> None:
    file.write_bytes(VALID.encode() + b"# \xfc\n")
    result = check(file)
    assert result.exit_code == 1
    assert "is no UTF-8: save the file as UTF-8" in result.stderr
    file.write_bytes(b"\xef\xbb\xbf" + VALID.encode())
    assert check(file).exit_code == 0


def test_a_missing_file_is_an_error_of_usage(file: Path) -> None:
    result = check(file)
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
    assert check(file.parent).exit_code == 2


@pytest.mark.parametrize("name", sorted(shipped_models()))
def test_a_model_that_ships_goes_by_its_name(name: str) -> None:
    result = check(name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Model {name} is valid: ")
    assert name in CliRunner().invoke(main, ["model", "check", "--help"]).output


def test_a_file_of_ones_own_goes_before_a_model_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b2b").write_text(VALID)
    assert check("b2b").stdout.startswith("Model mine is valid: 2 stages.\n")


def test_without_a_command_the_help_is_shown() -> None:
    assert "model" in CliRunner().invoke(main, []).output


def test_a_model_whose_states_could_outgrow_the_table_is_not_stored(file: Path) -> None:
    rules = (f"  - {{rule: R{n}, event: X, points: 5, decay: {{expire_after: 3650d}}}}\n" for n in range(60))
    file.write_text(VALID + "engagement:\n" + "".join(rules))
    result = CliRunner().invoke(main, ["model", "push", str(file), "--local"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a lead's state could outgrow what the table holds" in result.stderr
