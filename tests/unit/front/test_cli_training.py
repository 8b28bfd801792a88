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
