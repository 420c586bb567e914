"""Gives a Python process the clock of the test that started it; its folder is on PYTHONPATH if a test moves the clock.

Time is shifted by the seconds of TEST_CLOCK_AHEAD and goes on; the monotonic clock stays as it is. (libfaketime 0.9.10
cannot be used: under it `time.sleep` of Python 3.11 fails with EINVAL when the monotonic clock is left alone.)
"""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["TEST_CLOCK_AHEAD"]), tick=True).start()
