#!/usr/bin/env python3
"""Whether memory stays flat at full load: the resident memory of a pipeline's processes over time.

    bench/steady.py CONVOY PIECES DEVICES.yaml [--minutes 60] [--curve FILE.svg]

Runs `convoy run PIECES --devices DEVICES.yaml` without an end, reads what each of its processes holds
(anonymous resident memory, VmRSS without mapped files) every ten seconds, and stops it.
Prints Markdown: after two minutes, at the end, the least and the most in between, and the slope of the
straight line that fits the second half best (a worker's list of when it computed is full after 20,000
requests). PIECES is what `convoy plan MODEL --devices DEVICES.yaml -o PIECES` made.
"""
import argparse
import pathlib
import signal
import subprocess
import time

WARM_UP_S = 120
STEP_S = 10


def held_kb(pid):
    """Anonymous resident memory in kB, or None when the process is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def processes_of(coordinator):
    """The pids of the coordinator and its workers, by name."""
    found = {"coordinator": coordinator}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        names = [word[7:] for word in words if word.startswith("--name=")]
        if "worker" in words and str(coordinator) in words and names:
            found[names[0]] = int(folder.name)
    return found


def slope(points):
    """kB an hour."""
    n = len(points)
    mean_t = sum(t for t, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    spread = sum((t - mean_t) ** 2 for t, _ in points)
    return 3600 * sum((t - mean_t) * (y - mean_y) for t, y in points) / spread if spread else 0


def curve(samples, minutes):
    """An SVG picture, a line for each process."""
    width, height, left, bottom = 720, 300, 60, 30
    most = max(y for points in samples.values() for _, y in points) * 1.1
    x = lambda t: left + t / (60 * minutes) * (width - left - 110)
    y = lambda kb: height - bottom - kb / most * (height - bottom - 10)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="11">',
           f'<path d="M{left} 10V{height - bottom}H{width - 110}" fill="none" stroke="#888"/>']
    for i in range(5):
        kb = most * i / 4
        out.append(f'<text x="{left - 6}" y="{y(kb) + 4}" text-anchor="end">{kb / 1000:.0f} MB</text>')
        out.append(f'<text x="{x(60 * minutes * i / 4)}" y="{height - 12}" text-anchor="middle">'
                   f'{minutes * i / 4:.0f} min</text>')
    for i, (name, points) in enumerate(samples.items()):
        hue = 360 * i // max(1, len(samples))
        line = " ".join(f"{x(t):.1f},{y(kb):.1f}" for t, kb in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="hsl({hue} 60% 45%)"/>')
        out.append(f'<text x="{width - 105}" y="{y(points[-1][1]) + 4:.1f}" '
                   f'fill="hsl({hue} 60% 35%)">{name}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("convoy")
    parser.add_argument("pieces")
    parser.add_argument("devices")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--curve", type=pathlib.Path)
    arguments = parser.parse_args()

    run = subprocess.Popen([arguments.convoy, "run", arguments.pieces, "--devices", arguments.devices,
                            "--requests", "1000000000"], stdout=subprocess.PIPE, text=True)
    begin = time.monotonic()
    samples = {}
    while (now := time.monotonic() - begin) < 60 * arguments.minutes:
        if run.poll() is not None:
            raise SystemExit(f"the run ended after {now:.0f} s")
        for name, pid in processes_of(run.pid).items():
            if (kb := held_kb(pid)) is not None:
                samples.setdefault(name, []).append((now, kb))
        time.sleep(STEP_S)
    run.send_signal(signal.SIGTERM)  # a shell lets what runs in the background ignore SIGINT
    print(run.communicate()[0].splitlines()[0])
    print()
    print("| process | after two minutes | least | most | at the end | slope, second half |")
    print("|---|---|---|---|---|---|")
    for name, points in samples.items():
        steady = [point for point in points if point[0] >= WARM_UP_S] or points
        held = [kb for _, kb in steady]
        cells = [name, *(f"{kb / 1000:.2f} MB" for kb in
                         (held[0], min(held), max(held), held[-1])),
                 f"{slope(points[len(points) // 2:]):+.0f} kB/h"]
        print("| " + " | ".join(cells) + " |")
    if arguments.curve:
        arguments.curve.write_text(curve(samples, arguments.minutes))


if __name__ == "__main__":
    main()
