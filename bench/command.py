"""What the scripts of this folder share: running convoy."""
import json
import subprocess


def convoy(program, *arguments):
    """The JSON of a command, or the sentence with which it failed."""
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout), ""
