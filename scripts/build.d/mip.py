"""What MicroPython's mip installs: the compiled modules and the package.json that names them."""

import json


def package_json(manifest):
    """The text of package.json; its URLs are relative to its own."""
    urls = [[module.target, module.target] for module in manifest.modules]
    content = {"urls": urls, "deps": [], "version": manifest.about["version"]}
    return json.dumps(content, indent=1) + "\n"
