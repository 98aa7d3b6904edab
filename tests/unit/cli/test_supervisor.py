"""The supervisor: joined logs, a clean stop, restarts, and an end when a program will not live."""

import io
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from portal.cli.supervisor import Program, ProgramDiedError, supervise


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-u", "-c", textwrap.dedent(code)], dict(os.environ))


def test_lines_are_joined_with_the_programs_names_and_a_signal_stops_all():
    """Run in a process of its own, since it takes signals."""
    code = """
        import os, sys
        from portal.cli.supervisor import Program, supervise
        child = "import os, sys, signal; print('hello', flush=True); signal.pause()"
        programs = [Program(name, [sys.executable, "-u", "-c", child], dict(os.environ)) for name in ("one", "second")]
        supervise(programs, ready=lambda: print("ready", flush=True))
    """
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip() for _ in range(3)]
    assert lines[0] == "ready"
    assert sorted(lines[1:]) == ["one    | hello", "second | hello"]
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout.read().splitlines()[-1] == "all stopped"
    assert process.wait(timeout=20) == 0


def test_a_line_that_comes_in_pieces_is_printed_whole_and_one_without_an_end_too():
    out = io.StringIO()
    code = "import os, sys; os.write(1, b'a'); os.write(1, b'b\\nc'); sys.exit(3)"
    with pytest.raises(ProgramDiedError):
        supervise([program("broken", code)], out=out)
    assert out.getvalue().count("broken | ab\nbroken | c\n") == 4


def test_a_program_that_dies_again_and_again_ends_everything_by_name():
    out = io.StringIO()
    with pytest.raises(ProgramDiedError, match="broken ended 4 times"):
        supervise([program("broken", "import sys; print('no'); sys.exit(3)")], out=out)
    assert out.getvalue().count("broken | no") == 4
    assert "broken ended with status 3; starting it again" in out.getvalue()
