"""One request per line of JSON in, one reply per line out: how the harness takes turns with a peer.
Every work is made and warmed up at its first request and kept, so that a turn only measures."""

import json
import math
import os
import sys
import time

started = time.perf_counter()
# What libraries print must not mix with the replies.
replies = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def limit_threads():
    """As many processors as threads were asked for, before any library counts them."""
    threads = int(os.environ.get("THALWEG_NUM_THREADS", os.cpu_count() or 1))
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[:threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):
        os.environ[name] = str(threads)
    return threads


def memory(field):
    """A line of this process's memory in bytes: VmRSS now, VmHWM at the peak; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith(field + ":"))
    except (OSError, StopIteration):
        return 0


def forget_peak():
    """From here on VmHWM is the peak of what follows."""
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass


def timed(run, target):
    """Seconds per repetition of `run(count)`, which does its work `count` times, over about `target` seconds."""
    start = time.perf_counter()
    run(1)
    once = time.perf_counter() - start
    if once >= target:
        return once
    count = math.ceil(target / once)
    start = time.perf_counter()
    run(count)
    return (time.perf_counter() - start) / count


def serve(versions, makers):
    """Answers requests until the input ends. `makers[work](request)` gives a function that measures one turn, and facts."""
    imported = time.perf_counter() - started
    after_import = memory("VmRSS")
    forget_peak()
    known = {}

    def reply(**fields):
        replies.write(json.dumps(fields) + "\n")

    reply(ready=True, importSeconds=imported, versions=versions)
    for line in sys.stdin:
        request = json.loads(line)
        if request["work"] == "forget":
            known.clear()
            reply(seconds=[])
            continue
        target = request.pop("target", 0.5)
        key = json.dumps(request, sort_keys=True)
        try:
            start = time.perf_counter()
            if key not in known:
                known[key] = makers[request["work"]](request)
                # The first turn compiles.
                known[key][0](0)
            first = time.perf_counter() - start
            turn, facts = known[key]
            seconds = turn(target) if target > 0 else first
            more = facts() if callable(facts) else facts
            peak = max(0, memory("VmHWM") - after_import)
            reply(seconds=[seconds], first=first, peak=peak, **more)
        except Exception as error:  # The harness shows it in the row and goes on.
            reply(error=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
