"""What the scripts of this folder share: running convoy."""
import json
import subprocess


def convoy(program, *arguments):
    """The JSON of a command, or the sentence with which it failed."""
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout), ""


def profiled_run(arguments, model, fleet, folder, dims=(), plan_options=()):
    """A profile, a plan by it and a run of the plan, one after the other, as the machine may be faster
    or slower a minute later: the JSON of the plan and of the run; or the sentence with which a command
    failed, in place of both. Leaves profile.json and pieces in the folder. `arguments`: convoy, budget,
    and the seconds that the run takes, if these are more than 20 requests."""
    profile, pieces = folder / "profile.json", folder / "pieces"
    measured, why = convoy(arguments.convoy, "profile", model, "--devices", fleet, "-o", profile, *dims)
    if measured is None:
        return None, None, why
    plan, why = convoy(arguments.convoy, "plan", model, "--devices", fleet, "--profile", profile,
                       "--budget", arguments.budget, *dims, *plan_options, "-o", pieces)
    if plan is None:
        return None, None, why
    run, why = convoy(arguments.convoy, "run", pieces, "--devices", fleet, "--requests",
                      max(20, round(arguments.seconds / plan["period_s"])), *dims)
    return (None, None, why) if run is None else (plan, run, "")
