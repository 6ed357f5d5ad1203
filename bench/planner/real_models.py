#!/usr/bin/env python3
"""Real models on five emulated fleets: every solver's plan, and whether the run agrees with auto's.

    bench/planner/real_models.py CONVOY MODEL.onnx... [--requests N] [--budget S] [--dim NAME=N]...

For each model and fleet: one profile (measured under the emulated devices' limits), each solver's
predicted period, then the pipeline of auto's plan, run and measured three times; the median counts.
Prints Markdown. Emulation needs root; run it on a machine that does nothing else.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from command import convoy

SOLVERS = ["chain", "ideals", "search", "memory"]
RUNS = 3


def device(name, cores, memory_mb, mbit):
    return f"  - {{name: {name}, cores: {cores}, memory: {memory_mb} MB, bandwidth: {mbit} Mbit/s}}\n"


# Cores: at most 1.5 in all, so that two are enough for the network and the coordinator, too.
# Memory in parts of the model's file, so that "tight" is tight for every model; beside it each worker
# needs some 60 MB of its own.
def fleets(model_mb):
    room = lambda part: round(70 + 40 + part * model_mb)
    yield "two equal boards", "link", [
        device("left", 0.5, room(2), 100), device("right", 0.5, room(2), 100)]
    yield "laptop, tablet, phone", "link", [
        device("laptop", 0.8, room(2), 100), device("tablet", 0.45, room(2), 80),
        device("phone", 0.25, room(2), 90)]
    yield "four, tight memory", "link", [
        device("a", 0.45, room(0.5), 100), device("b", 0.4, room(0.4), 100),
        device("c", 0.3, room(0.4), 100), device("d", 0.2, room(0.3), 100)]
    yield "eight unequal", "link", [
        device(f"d{i + 1}", cores, room(1), 200)
        for i, cores in enumerate([0.3, 0.25, 0.2, 0.15, 0.15, 0.12, 0.1, 0.08])]
    yield "three, slow radio", "radio", [
        device("laptop", 0.8, room(2), 20), device("tablet", 0.45, room(2), 12),
        device("phone", 0.25, room(2), 8)]


def ms(seconds):
    return f"{1000 * seconds:.1f}"


def row(arguments, model, name, contention, devices, folder):
    fleet = folder / "devices.yaml"
    fleet.write_text(f"devices:\n{''.join(devices)}contention: {contention}\n")
    profile = folder / "profile.json"
    dims = [word for dim in arguments.dim for word in ("--dim", dim)]
    measured, why = convoy(arguments.convoy, "profile", model, "--devices", fleet, "-o", profile,
                           *dims)
    if measured is None:
        return f"| {model.stem} | {name} | {why} |"
    pieces = folder / "pieces"
    common = ["plan", model, "--devices", fleet, "--profile", profile, "--budget",
              arguments.budget, *dims]
    auto, why = convoy(arguments.convoy, *common, "--verify", "-o", pieces)
    if auto is None:
        return f"| {model.stem} | {name} | {why} |"
    others = []
    for solver in SOLVERS:
        plan, _ = convoy(arguments.convoy, *common, "--solver", solver)
        others.append(plan["period_s"] if plan else None)
    best = min(period for period in others if period is not None)
    never_worse = auto["period_s"] <= best * (1 + 1e-6)
    periods = []
    for _ in range(RUNS):
        run, why = convoy(arguments.convoy, "run", pieces, "--devices", fleet, "--requests",
                          arguments.requests, *dims)
        if run is None:
            return f"| {model.stem} | {name} | {why} |"
        periods.append(1 / run["rate_per_s"])
    period = statistics.median(periods)
    cells = [model.stem, name, f"{len(auto['stages'])}", ms(auto["period_s"]),
             f"{100 * auto['gap']:.1f} %",
             *("-" if other is None else ms(other) for other in others),
             "yes" if never_worse else "NO", ms(period),
             f"{100 * (period / auto['period_s'] - 1):+.0f} %"]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("convoy")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--budget", type=float, default=3, help="seconds for each plan")
    parser.add_argument("--dim", action="append", default=[], help="as convoy plan's")
    arguments = parser.parse_args()
    print("| model | fleet | stages | `auto`, ms | gap | " +
          " | ".join(f"`{solver}`" for solver in SOLVERS) +
          " | never worse | measured, ms | off |")
    print("|---" * (8 + len(SOLVERS)) + "|")
    for model in arguments.models:
        for name, contention, devices in fleets(model.stat().st_size / 1e6):
            with tempfile.TemporaryDirectory() as folder:
                print(row(arguments, model, name, contention, devices, pathlib.Path(folder)))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
