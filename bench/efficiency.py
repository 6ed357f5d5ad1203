#!/usr/bin/env python3
"""How near pipelines come to the bound of their plans, on emulated fleets of unequal devices.

    bench/efficiency.py CONVOY MODEL.onnx... [--requests N] [--runs N] [--budget S]

For each model, fleet and speed of the links: one profile (measured under the emulated devices'
limits), one plan, and its pipeline, run and measured several times; the median rate counts. "Of the
bound" is that rate times the plan's bound on the period (no plan can be faster, by the profile); "of
the plan" the same with the plan's own period. "CPU quota" is the share of its quota that the device
used that used most of it: at 100 % no pipeline of the same parts can be faster, whatever the profile
says. Prints Markdown; the goal is 92 % of the bound. Emulation needs root; run it on a machine that
does nothing else.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

from command import convoy

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
    profile = folder / "profile.json"
    pieces = folder / "pieces"
    measured, why = convoy(arguments.convoy, "profile", model, "--devices", fleet, "-o", profile)
    if measured is None:
        return [why]
    plan, why = convoy(arguments.convoy, "plan", model, "--devices", fleet, "--profile", profile,
                       "--budget", arguments.budget, "-o", pieces)
    if plan is None:
        return [why]
    rates = []
    quotas = []
    for _ in range(arguments.runs):
        run, why = convoy(arguments.convoy, "run", pieces, "--devices", fleet, "--requests",
                          arguments.requests)
        if run is None:
            return [why]
        rates.append(run["rate_per_s"])
        quotas.append(max(
            stage["cpu_s"] / run["requests"] * run["rate_per_s"] / cores[int(stage["device"][1:]) - 1]
            for stage in run["stages"]))
    rate = statistics.median(rates)
    return [len(plan["stages"]), f"{1000 * plan['bound_s']:.1f}", f"{1000 * plan['period_s']:.1f}",
            f"{1000 / rate:.1f}", percent(rate * plan["bound_s"]), percent(rate * plan["period_s"]),
            f"{percent(min(rates) / rate - 1)} to +{percent(max(rates) / rate - 1)}",
            percent(statistics.median(quotas))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("convoy")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--budget", type=float, default=3, help="seconds for each plan")
    arguments = parser.parse_args()
    print("| model | cores | links, Mbit/s | stages | bound, ms | plan, ms | measured, ms | "
          "of the bound | of the plan | spread | CPU quota |")
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
