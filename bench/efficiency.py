#!/usr/bin/env python3
"""How near pipelines come to the bound of their plans, on emulated fleets of unequal devices.

    bench/efficiency.py CONVOY MODEL.onnx... [--rounds N] [--seconds S] [--budget S]

For each model, fleet and speed of the links, in rounds: a profile (measured under the emulated
devices' limits), a plan by it, and its pipeline, run and measured at once, as the machine may be
faster or slower a minute later. "Of the bound" is the rate times the plan's bound on the period (no
plan can be faster, by the profile); "of the plan" the same with the plan's own period. "CPU quota" is
the share of its quota that the device used that used most of it: at 100 % no pipeline of the same
parts can be faster, whatever the profile says. Medians of the rounds. Prints Markdown; the goal is
92 % of the bound. Emulation needs root; run it on a machine that does nothing else.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

from command import profiled_run

# Cores of each device. What they claim together is less than the two cores of the machine, as the
# coordinator and the network need some, too.
FLEETS = {
    "2: 0.9, 0.6": [0.9, 0.6],
    "3: 0.75, 0.5, 0.3": [0.75, 0.5, 0.3],
    "4: 0.6, 0.45, 0.3, 0.2": [0.6, 0.45, 0.3, 0.2],
}
LINKS_MBIT = [100, 400]


def percent(share):
    return f"{100 * share:.1f} %"


def figures(arguments, model, cores, mbit, folder):
    """The cells of one row after its name, or why there are none."""
    fleet = folder / "devices.yaml"
    fleet.write_text("devices:\n" + "".join(
        f"  - {{name: d{i + 1}, cores: {share}, bandwidth: {mbit} Mbit/s}}\n"
        for i, share in enumerate(cores)))
    rounds = []
    for _ in range(arguments.rounds):
        plan, run, why = profiled_run(arguments, model, fleet, folder)
        if run is None:
            return [why]
        rate = run["rate_per_s"]
        quota = max(stage["cpu_s"] / run["requests"] * rate / cores[int(stage["device"][1:]) - 1]
                    for stage in run["stages"])
        rounds.append([len(plan["stages"]), plan["bound_s"], plan["period_s"], 1 / rate,
                       rate * plan["bound_s"], rate * plan["period_s"], quota])
    stages, bound, period, took, of_bound, of_plan, quotas = zip(*rounds)
    ms = lambda seconds: f"{1000 * statistics.median(seconds):.1f}"
    return ["/".join(map(str, sorted(set(stages)))), ms(bound), ms(period), ms(took),
            percent(statistics.median(of_bound)), percent(statistics.median(of_plan)),
            f"{percent(min(of_bound))} to {percent(max(of_bound))}",
            percent(statistics.median(quotas))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("convoy")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="that a run takes, or 20 requests")
    parser.add_argument("--budget", type=float, default=3, help="seconds for each plan")
    arguments = parser.parse_args()
    print("| model | cores | links, Mbit/s | stages | bound, ms | plan, ms | measured, ms | "
          "of the bound | of the plan | rounds, of the bound | CPU quota |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|---|--:|")
    for model in arguments.models:
        for name, cores in FLEETS.items():
            for mbit in LINKS_MBIT:
                with tempfile.TemporaryDirectory() as folder:
                    cells = figures(arguments, model, cores, mbit, pathlib.Path(folder))
                print("| " + " | ".join(map(str, [model.stem, name, mbit, *cells])) + " |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
