"""The sample configuration: made by scripts/sample, with every keyword there is."""

import subprocess
import sys

from opentracker.config import read_lines
from opentracker.options import OPTIONS
from support.runtimes import SCRIPTS, TOP

SAMPLE = TOP / "files" / "opentracker.conf.sample"


def test_it_is_what_the_script_makes_of_the_table():
    made = subprocess.run([sys.executable, SCRIPTS / "sample"], capture_output=True, check=True)
    assert SAMPLE.read_bytes() == made.stdout, "scripts/sample > files/opentracker.conf.sample"


def test_it_has_every_keyword_once():
    lines = [line for line in read_lines(str(SAMPLE)) if line and not line.startswith("# ")]
    keywords = [line[1:].split()[0] for line in lines if line != "#"]
    assert keywords == [option.keyword for option in OPTIONS if option.keyword]


def test_its_lines_are_short_and_switched_off():
    for line in read_lines(str(SAMPLE)):
        assert len(line) < 80
        assert not line or line.startswith("#")
