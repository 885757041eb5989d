"""Lets pytest before version 8, which Debian 12 has, read irctest's conftest.py.

It knows hook wrappers only under their older name, hookwrapper, and in their
older form: `yield` gives them an object with the outcome. The suite has one, a
pytest_runtest_call.
"""

import pytest

_hookimpl = pytest.hookimpl


def hookimpl(function=None, **options):
    if not options.pop("wrapper", False):
        return _hookimpl(function, **options)

    def decorate(wrapper):
        def old(item):
            steps = wrapper(item)
            next(steps)
            outcome = yield
            try:
                if outcome.excinfo:
                    steps.throw(outcome.excinfo[1])
                else:
                    steps.send(outcome.get_result())
            except StopIteration as end:
                outcome.force_result(end.value)
            except BaseException as e:
                outcome._excinfo = (type(e), e, e.__traceback__)

        return _hookimpl(hookwrapper=True, **options)(old)

    return decorate


if int(pytest.__version__.split(".")[0]) < 8:
    pytest.hookimpl = hookimpl
