"""Pages as a browser without scripts reads and uses them."""

import html
import re


def text_of(answer):
    """All words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def fields_of(answer, label):
    """Address and hidden fields of the form whose button says ``label``, CSRF token aside."""
    for form in re.findall(r"<form method=\"post\".*?</form>", answer.text, re.DOTALL):
        if re.search(rf"<button[^>]*>(<svg.*?</svg>)?{label}</button>", form, re.DOTALL):
            fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
            address = re.search(r'action="([^"]+)"', form)[1]
            sent: dict[str, list[str]] = {}
            for name, value in fields:
                if name != "csrf_token":
                    sent.setdefault(name, []).append(html.unescape(value))
            return address, sent
    raise AssertionError(f"no form with a button {label}")


def press(browser, answer, label):
    """Send the form whose button says ``label``."""
    address, fields = fields_of(answer, label)
    return browser.post(address, data=fields)
