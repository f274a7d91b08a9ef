"""
The few pages that a person sees.

Belongs here: plain HTML, escaped, usable by keyboard and screen reader. Does not belong here: what
a button does (entra.py).
"""

from collections.abc import Mapping
from html import escape

from hunter_pipeline.sandbox.options import USERNAME

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - sandbox</title>
<style>
body {{ font: 16px/1.5 "Segoe UI", system-ui, sans-serif; background: #f2f2f2; color: #1b1b1b; margin: 0; }}
main {{ background: #fff; max-width: 24rem; margin: 12vh auto 0; padding: 2.5rem; box-shadow: 0 2px 6px #0003; }}
h1 {{ font-size: 1.5rem; margin: 0 0 1rem; }} label {{ display: block; margin-bottom: .25rem; }}
input[type=text] {{ font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #666; }}
button {{ font: inherit; margin-top: 1.25rem; padding: .45rem 1.5rem; border: 0; background: #0067b8; color: #fff; }}
button.quiet {{ background: #e1e1e1; color: #1b1b1b; }} .wrong {{ color: #a4262c; }}
</style></head><body{body}><main><h1>{title}</h1>{content}</main></body></html>"""


def device_login(code: str, *, wrong: bool = False) -> str:
    """Where a code is typed in."""
    notice = '<p class="wrong" role="alert">That code did not work. Check it and try again.</p>' if wrong else ""
    return _page(
        "Enter code",
        f"""{notice}<p>Enter the code shown by the app to sign in as {USERNAME}.</p>
<form method="post" action="/devicelogin"><label for="code">Code</label>
<input type="text" id="code" name="code" value="{escape(code)}" autocomplete="off" autofocus required>
<button type="submit" name="answer" value="approve">Sign in</button>
<button type="submit" name="answer" value="decline" class="quiet">Decline</button></form>""",
    )


def device_done(form: Mapping[str, str]) -> str:
    """After a code was accepted."""
    if form.get("answer") == "decline":
        return _page(
            "Sign-in declined", "<p role='status'>You have declined the sign-in. You may close this window.</p>"
        )
    return _page("You are signed in", f"<p role='status'>Signed in as {USERNAME}. You may close this window.</p>")


def approve(action: str, asked: Mapping[str, str]) -> str:
    """Where a person agrees to a sign-in by browser."""
    return _page(
        "Sign in",
        f"""<p>An app on this computer wants to sign in as {USERNAME}.</p>
<form method="post" action="{escape(action)}">{_hidden(asked)}
<button type="submit" name="answer" value="approve">Approve</button>
<button type="submit" name="answer" value="decline" class="quiet">Decline</button></form>""",
    )


def form_post(target: str, answer: Mapping[str, str]) -> str:
    """Sends the code on by POST, as `response_mode=form_post` wants it."""
    content = (
        f'<form method="post" action="{escape(target)}">{_hidden(answer)}<button type="submit">Continue</button></form>'
    )
    return _page("Signing in", content, body=' onload="document.forms[0].submit()"')


def refused(reason: str) -> str:
    """A request that cannot be sent back to where it came from."""
    return _page("Sorry, but we are having trouble signing you in", f'<p class="wrong">{escape(reason)}</p>')


def front() -> str:
    """What is here, for whoever opens the root."""
    return _page(
        "Partner Center sandbox",
        """<p>A stand-in for Partner Center and Entra. Nothing here is real.</p>
<ul><li><a href="/devicelogin">Enter a device code</a></li><li><a href="/sandbox/stats">Figures</a></li>
<li><a href="/sandbox/faults">Faults</a></li></ul>""",
    )


def _page(title: str, content: str, *, body: str = "") -> str:
    return _FRAME.format(title=title, content=content, body=body)


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
