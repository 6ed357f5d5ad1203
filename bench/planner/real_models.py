#!/usr/bin/env python3
"""Real models on five emulated fleets: every solver's plan, and whether the run agrees with auto's.

    bench/planner/real_models.py CONVOY MODEL.onnx... [--rounds N] [--budget S] [--dim NAME=N]...

For each model and fleet, in rounds: a profile (measured under the emulated devices' limits), auto's
plan by it, the pipeline of that plan, run and measured at once, and each solver's predicted period.
Medians of the rounds; how far the run was off its plan also as a range. Prints Markdown. Emulation
needs root; run it on a machine that does nothing else.
"""
import argparse
import math
import pathlib
import statistics
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from command import convoy, profiled_run

SOLVERS = ["chain", "ideals", "search", "memory"]


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
    dims = [word for dim in arguments.dim for word in ("--dim", dim)]
    common = ["plan", model, "--devices", fleet, "--profile", folder / "profile.json", "--budget",
              arguments.budget, *dims]
    autos, others, periods = [], {solver: [] for solver in SOLVERS}, []
    for _ in range(arguments.rounds):
        auto, run, why = profiled_run(arguments, model, fleet, folder, dims, ["--verify"])
        if run is None:
            return f"| {model.stem} | {name} | {why} |"
        autos.append(auto)
        periods.append(1 / run["rate_per_s"])
        for solver in SOLVERS:
            plan, _ = convoy(arguments.convoy, *common, "--solver", solver)
            others[solver].append(plan["period_s"] if plan else math.inf)
    never_worse = all(auto["period_s"] <= min(round_of) * (1 + 1e-6)
                      for auto, *round_of in zip(autos, *others.values()))
    off = sorted(100 * (period / auto["period_s"] - 1) for period, auto in zip(periods, autos))
    median = lambda key: statistics.median(auto[key] for auto in autos)
    cells = ["/".join(sorted({str(len(auto["stages"])) for auto in autos})), ms(median("period_s")),
             f"{100 * median('gap'):.1f} %",
             *(ms(statistics.median(all)) if max(all) < math.inf else "-" for all in others.values()),
             "yes" if never_worse else "NO", ms(statistics.median(periods)),
             f"{statistics.median(off):+.0f} %", f"{off[0]:+.0f} to {off[-1]:+.0f} %"]
    return f"| {model.stem} | {name} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("convoy")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="that a run takes, or 20 requests")
    parser.add_argument("--budget", type=float, default=3, help="seconds for each plan")
    parser.add_argument("--dim", action="append", default=[], help="as convoy plan's")
    arguments = parser.parse_args()
    print("| model | fleet | stages | `auto`, ms | gap | " +
          " | ".join(f"`{solver}`" for solver in SOLVERS) +
          " | never worse | measured, ms | off | rounds |")
    print("|---" * (9 + len(SOLVERS)) + "|")
    for model in arguments.models:
        for name, contention, devices in fleets(model.stat().st_size / 1e6):
            with tempfile.TemporaryDirectory() as folder:
                print(row(arguments, model, name, contention, devices, pathlib.Path(folder)))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
