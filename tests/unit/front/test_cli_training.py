"""Training commands where the packages for training are missing."""

import pytest

from gdcheck.cli import run


@pytest.mark.parametrize("command", ["train", "network"])
def test_without_torch_one_sentence_says_what_to_install(command, monkeypatch, capsys):
    import importlib.util

    honest = importlib.util.find_spec
    monkeypatch.setattr("gdcheck.networks.needed.find_spec", lambda name: None if name == "torch" else honest(name))
    assert run([command]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1, err
    assert err.startswith("error: torch: ")
    assert "pip install 'gdcheck[torch]'" in err


@pytest.mark.parametrize(
    ("words", "option"), [(("train", "--sweep"), "sweep"), (("network", "--prove", "--hidden"), "hidden")]
)
def test_what_is_no_number_is_told_in_one_sentence_that_names_the_option(gdcheck, words, option):
    pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")
    code, out, err = gdcheck(*words, "0.1,many")
    assert (code, out) == (2, "") and err.startswith(f"error: {option}: ") and err.count("\n") == 1
