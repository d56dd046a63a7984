"""Renders chat templates as Python does. A JSON object a line in: {"template", "variables"}; one a line out: {"text"} or {"error"}.

With the argument `transformers` by transformers' own function; with `jinja2` by jinja2, set up in the same way.
"""

import json
import sys
from datetime import datetime


def by_transformers():
    from transformers.utils.chat_template_utils import render_jinja_template

    def render(template, variables):
        named = dict(variables)
        texts, _ = render_jinja_template(
            [named.pop("messages", [])],
            tools=named.pop("tools", None),
            documents=named.pop("documents", None),
            chat_template=template,
            add_generation_prompt=named.pop("add_generation_prompt", False),
            **named,
        )
        return texts[0]

    return render


def by_jinja2():
    import jinja2
    import jinja2.ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            call = self.call_method("_body")
            return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

        def _body(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    compiled = {}

    def render(template, variables):
        if template not in compiled:
            compiled[template] = environment.from_string(template)
        named = {"messages": [], "tools": None, "documents": None, "add_generation_prompt": False}
        return compiled[template].render({**named, **variables})

    return render


def main():
    render = by_transformers() if sys.argv[1] == "transformers" else by_jinja2()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = {"text": render(case["template"], case["variables"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
