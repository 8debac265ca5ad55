"""Answers, as Ansible does, for many inventories at once: JSON on stdin, JSON on stdout."""
import io
import json
import os
import sys

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "0"
os.environ["ANSIBLE_INVENTORY_UNPARSED_WARNING"] = "0"

from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.release import __version__  # noqa: E402
import ansible.plugins.loader as plugins  # noqa: E402


def chosen(sources, patterns):
    inventory = InventoryManager(DataLoader(), sources)

    def of(pattern):
        try:
            return [host.name for host in inventory.get_hosts(pattern)]
        except Exception as error:
            return str(error)

    return {pattern: of(pattern) for pattern in patterns}


def shown(arguments):
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        InventoryCLI(["ansible-inventory", *arguments]).run()
    except SystemExit:
        pass
    finally:
        text, sys.stdout = sys.stdout.getvalue(), out
    return text.rstrip()


def forked(function, *arguments):
    """Ansible keeps what it read for the life of the process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            json.dump(function(*arguments), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def answers(case):
    os.chdir(case["cwd"])
    named = [word for source in case["sources"] for word in ("-i", source)]
    beside = ["--playbook-dir", case["playbookDir"]] if "playbookDir" in case else []
    return {
        "list": json.loads(forked(shown, [*named, *beside, "--list"])),
        "graph": forked(shown, [*named, *beside, "--graph"]),
        "patterns": forked(chosen, case["sources"], case.get("patterns", [])),
    }


plugins.init_plugin_loader()
cases = json.load(sys.stdin)
json.dump({"version": __version__, "answers": [answers(case) for case in cases]}, sys.stdout)
