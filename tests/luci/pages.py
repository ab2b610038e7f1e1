"""The pages that LuCI's dispatcher makes: a frame of HTML, in which a script draws the view.

With the variable LUCI, a checkout of LuCI, its own scripts and theme are in the place of those of
browser/; then a test tells whether those do what LuCI does.
"""

import html
import importlib.util
import json
import os
from pathlib import Path

from support.runtimes import SCRIPTS, TOP

_spec = importlib.util.spec_from_file_location("lmo", SCRIPTS / "build.d/lmo.py")
lmo = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(lmo)

SCRIPT_NAME = "/cgi-bin/luci"
MENU = TOP / "luci-app/root/usr/share/luci/menu.d/luci-app-opentracker.json"
TRANSLATIONS = TOP / "luci-app/po"
BROWSER = Path(__file__).parent / "browser"
OVERVIEW = "admin/status/overview"
OWN_MENU = {
    "admin": {"title": "Administration", "action": {"type": "firstchild"}},
    "admin/status": {"title": "Status", "order": 10, "action": {"type": "firstchild"}},
    OVERVIEW: {"title": "Overview", "action": {"type": "view", "path": "status/index"}},
    "admin/services": {"title": "Services", "order": 40, "action": {"type": "firstchild"}},
}
CORE = ("format", "classes", "dom", "request", "view", "luci")
STYLE = '<link rel="stylesheet" href="/luci-static/bootstrap/{}.css">'
STYLES, REAL_STYLES = ("cascade",), ("cascade", "mobile")
REAL_CORE = ("resources/cbi", "resources/luci")

FRAME = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>OpenWrt | {title}</title>
<script>
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const setDark = query => document.documentElement.setAttribute('data-darkmode', query.matches);
dark.addEventListener('change', setDark);
setDark(dark);
</script>
<meta name="viewport" content="width=device-width, initial-scale=1">
{styles}
<style>* {{ animation: none !important; transition: none !important; }}</style>
<link rel="icon" href="data:,">
<script src="{script_name}/admin/translations/{language}"></script>
{scripts}
<script>L = new LuCI({env});</script>
</head>
<body class="lang_{language} {title}" data-page="{page}">
<header>
<a class="brand" href="/">OpenWrt</a>
<ul class="nav" id="topmenu"></ul>
<div id="indicators" class="pull-right"></div>
</header>
<div id="maincontent" class="container">
<div id="tabmenu">{tabs}</div>
<div id="view">
<div class="spinning">Loading view…</div>
<script>L.require('ui').then(ui => ui.instantiateView('{view}'));</script>
</div>
</div>
</body>
</html>
"""

LOGIN = """\
<!DOCTYPE html>
<title>Log in</title>
<link rel="icon" href="data:,">
<form method="post">
<input name="luci_username" id="luci_username">
<input name="luci_password" id="luci_password" type="password">
<button>Log in</button>
</form>
"""


def url(page):
    """The path of one of the app's pages by its last part, or of "overview"."""
    path = OVERVIEW if page == "overview" else "admin/services/opentracker/" + page
    return "%s/%s" % (SCRIPT_NAME, path)


def luci_folders():
    """Where /luci-static is, besides in the app."""
    real = os.environ.get("LUCI")
    if not real:
        return [BROWSER]
    names = ("modules/luci-base", "modules/luci-mod-status", "themes/luci-theme-bootstrap")
    return [Path(real) / name / "htdocs/luci-static" for name in names]


def entries():
    return {**OWN_MENU, **json.loads(MENU.read_text())}


def page(path, session, readonly, language):
    """The HTML of a page, None where there is none."""
    nodes = entries()
    if path == "admin/services/opentracker":
        path += "/status"
    view = nodes.get(path, {}).get("action", {}).get("path")
    if view is None:
        return None
    real = bool(os.environ.get("LUCI"))
    scripts = REAL_CORE if real else CORE
    return FRAME.format(
        language=language,
        title=html.escape(nodes[path]["title"]),
        page=path.replace("/", "-"),
        script_name=SCRIPT_NAME,
        styles="\n".join(STYLE.format(name) for name in (REAL_STYLES if real else STYLES)),
        scripts="\n".join('<script src="/luci-static/%s.js"></script>' % name for name in scripts),
        env=json.dumps(environment(path, session, readonly)).replace("/", "\\/"),
        tabs=tabs(path),
        view=view,
    )


def environment(path, session, readonly):
    """What LuCI tells to its script. It waits 4 s before it asks whether what it applied works."""
    return {
        "resource": "/luci-static/resources",
        "base_url": "/luci-static/resources",
        "media": "/luci-static/bootstrap",
        "scriptname": SCRIPT_NAME,
        "documentroot": "/www",
        "requestpath": path.split("/"),
        "dispatchpath": path.split("/"),
        "pollinterval": 5,
        "ubuspath": "/ubus/",
        "sessionid": session.id,
        "token": session.token,
        "nodespec": {"satisfied": True, "readonly": readonly},
        "apply_rollback": 90,
        "apply_holdoff": 1,
        "apply_timeout": 5,
        "apply_display": 1.5,
    }


def tabs(path):
    parent = path.rpartition("/")[0]
    items = []
    for name, node in entries().items():
        if name.rpartition("/")[0] == parent:
            active = " active" if name == path else ""
            link = '<a href="%s/%s">%s</a>' % (SCRIPT_NAME, name, html.escape(node["title"]))
            items.append((node.get("order", 0), '<li class="%s">%s</li>' % (active, link)))
    return '<ul class="tabs">%s</ul>' % "".join(item for _, item in sorted(items))


def menu(readonly):
    """The menu as a tree, which LuCI's own script draws."""
    tree = {"children": {}, "satisfied": True, "action": {"type": "firstchild"}}
    for path, node in sorted(entries().items()):
        place = tree
        for part in path.split("/"):
            place = place.setdefault("children", {}).setdefault(part, {})
        place.update(node, satisfied=True, readonly=readonly)
    return tree


def translations(language):
    """A script with the texts of the app's .po file, by themselves and as LuCI has them."""
    path = TRANSLATIONS / language / "opentracker.po"
    texts = lmo.parse(path.read_text()) if path.is_file() else {}
    hashed = {"%08x" % lmo.super_fast_hash(text.encode()): texts[text] for text in texts}
    lines = "window.TRANSLATIONS = %s;\nwindow.TR = %s;\n"
    return (lines % (json.dumps(texts), json.dumps(hashed))).encode()
