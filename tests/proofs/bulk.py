"""Many instances in one run of Coq a core: its verdict on each."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gdcheck.properties.storage.workers import default_jobs
from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.kernel import in_kernel_form, run_coqc
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.decision.decide import decide

HEADER = "From Direction Require Import Instance.\n"
_OUTCOME = re.compile(r"= (accepted|rejected\s+\w+)")


def proved_certificates(count, seed):
    """Certificates of random problems that the kernel has a theorem about."""
    found, index = [], 0
    while len(found) < count:
        data = certificate(decide(random_problem(seed, index), cones=False))
        index += 1
        if data is not None and in_kernel_form(data):
            found.append(json.loads(json.dumps(data)))
    return found


def verdicts(library: Path, folder: Path, texts):
    """What the checker in Coq computes for each file's instance, over all cores."""
    jobs = default_jobs()
    with ThreadPoolExecutor(jobs) as pool:
        shares = list(pool.map(lambda k: _verdicts(library, folder / f"bulk_{k}.v", texts[k::jobs]), range(jobs)))
    found = [""] * len(texts)
    for k, share in enumerate(shares):
        found[k::jobs] = share
    return found


def _verdicts(library: Path, file: Path, texts):
    parts = [HEADER]
    for i, text in enumerate(texts):
        assert text.count("Theorem direction_of_gradient_descent") == 1
        body = text[: text.index("Theorem")].replace(HEADER, "")
        parts.append(f"Module I{i}.\n{body}Eval vm_compute in (verdict problem certificate witness).\nEnd I{i}.\n")
    file.write_text("".join(parts), encoding="utf-8")
    done = run_coqc(library, file, 3600)
    assert done.returncode == 0, done.stderr[-2000:]
    found = _OUTCOME.findall(done.stdout)
    assert len(found) == len(texts)
    return [" ".join(outcome.split()) for outcome in found]
