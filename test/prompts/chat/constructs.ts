/** Small templates, each of one construct of Jinja or a few. */

type Construct = {
  readonly template: string;
  /** It is not treated as in Python; docs/templates.md says how. */
  readonly differs?: string;
};

export const CONSTRUCT_VARIABLES = {
  messages: [
    { role: 'user', content: '  Hi 😀 there\n' },
    { role: 'assistant', content: 'Yo' },
  ],
  tools: null,
  documents: null,
  s: '  héllo World  ',
  n: 7,
  nulls: { a: null, b: [null, 1] },
  f: 1.5,
  l: [3, 1, 2],
  d: { b: 1, a: 'x', items: 5 },
  e: [],
  t: true,
  u: 'a-b_c d',
  bos_token: '<s>',
};

export const CONSTRUCTS: readonly Construct[] = [
  {
    template:
      "{{ nulls.a }} {{ nulls['a'] is none }} {{ nulls.get('a', 3) }} {{ nulls.b|first }} {{ nulls.b[0] is none }} {{ nulls.a is defined }}",
  },
  {
    template:
      "{% macro m(x=1) %}{{ x }}{% endmacro %}{{ m(none) }}{{ m(x=none) }} {{ missing|default(none) }} {{ 'x'|int(none) }}",
  },
  {
    template:
      '{% for x in nulls.b %}{{ loop.previtem is none }}{% endfor %}{% for x in nulls.a %}{% endfor %}',
  },
  {
    template:
      "{{ nulls.b }} {{ nulls }} {{ nulls|tojson }} {{ nulls.a ~ 1 }} {{ nulls.a or 'x' }} {{ nulls.b|join('-') }} {{ [none]|map('string')|list }}",
  },
  {
    template:
      "{{ true }} {{ none }} {{ [1,'a\"',none,true,1.0,'it\\'s'] }} {{ {'a': {'b': [1]}} }}",
  },
  {
    template:
      "{{ (1,2) }} {{ 'a' * 3 }} {{ [1]*2 }} {{ -7 % 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7/2 }} {{ 2**3 }} {{ 1.0 + 1 }} {{ 10 / 5 }}",
  },
  { template: "{{ '%s-%d-%.2f|%5s|%-5s|%05d' % ('a', 3, 1.239, 'x', 'y', 42) }}" },
  {
    template:
      "{{ s|trim }}|{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ '\\n\\nab \\n'.rstrip('\\n') }}|",
  },
  {
    template:
      '{{ s|length }} {{ messages[0].content|length }} {{ messages[0].content[5] }} {{ messages[0].content[2:6] }} {{ messages[0].content[::-1] }}',
  },
  {
    template:
      "{{ u.split('-') }} {{ u.split() }} {{ u.rsplit('-',1) }} {{ u.partition('_') }} {{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a b c'.split(' ',1) }} {{ ' a  b  c '.split(none,1) }}",
  },
  {
    template:
      "{{ u.find('b') }} {{ u.upper() }} {{ u|title }} {{ u.title() }} {{ 'heLLo wORLD'|capitalize }} {{ 'abc'.isdigit() }} {{ '12'.isdigit() }}",
  },
  {
    template:
      "{{ u.replace('a','b') }} {{ 'aaa'.replace('a','b',2) }} {{ 'abc'.replace('','-') }} {{ 'aaa'|replace('a','b',1) }}",
  },
  {
    template:
      "{{ '{} {0}'.format(1) if false else '{} {}'.format(1,'x') }} {{ '{a}'.format(a=3) }}",
  },
  {
    template:
      "{% for c in 'abc' %}{{ c }},{% endfor %}{% for x in undefinedthing %}x{% else %}none{% endfor %}",
  },
  {
    template:
      "{% for x in l %}{{ loop.cycle('o','e') }}{{ loop.changed(x) }}{{ loop.index }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.depth }}{% endfor %}",
  },
  {
    template:
      '{% for x in l %}{% if loop.first %}{% set y = 1 %}{% endif %}[{{ y }}]{% endfor %}{{ y is defined }}',
  },
  { template: '{% set i = 0 %}{% for a in [1,2] %}{% set i = i + 1 %}{{ i }}{% endfor %}{{ i }}' },
  {
    template:
      '{% set i = 0 %}{% for a in [1,2] %}{% if a == 2 %}{% set i = 9 %}{% endif %}{{ i }}{% endfor %}{{ i }}',
  },
  { template: '{% for x in l %}a{{ x }}{% if x == 1 %}{% continue %}{% endif %}b{% endfor %}' },
  { template: '{% for x in l %}a{{ x }}{% if x == 1 %}{% break %}{% endif %}b{% endfor %}' },
  {
    template:
      '{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1,3,4,c=5) }}',
  },
  {
    template:
      '{% macro leak() %}{{ inner }}{% endmacro %}{% for inner in [1] %}{{ leak() }}{% endfor %}|',
  },
  {
    template:
      "{% macro w() %}<{{ caller('q') }}>{% endmacro %}{% call(z) w() %}in {{ z }}{% endcall %}",
  },
  { template: '{{ missing.attr }}' },
  {
    template:
      '{{ missing }} {{ missing is defined }} {{ d.zzz }} {{ d.zzz is defined }} {{ d.zzz.y }}',
  },
  { template: '{{ none.foo is defined }}' },
  { template: '{{ d.items }}', differs: 'a method prints without its address' },
  {
    template:
      "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{{ d['items'] }} {{ d.get('b') }} {{ d.get('q', 4) }} {{ d.get('q') }} {{ d.keys()|list }} {{ d.values()|list }}",
  },
  {
    template:
      "{{ d|items|list }} {{ d|dictsort }} {{ d|length }} {{ 'a' in d }} {{ 'z' not in d }}",
  },
  {
    template:
      "{{ [1,2]==[1,2] }} {{ '1' == 1 }} {{ none == missing }} {{ 0 == '' }} {{ 1 == true }} {{ 1 == 1.0 }} {{ {'a':1} == {'a':1} }}",
  },
  { template: "{{ none in [none] }} {{ missing in [1] }} {{ 'x' in missing }} {{ [1] in [[1]] }}" },
  {
    template:
      "{{ 3 is divisibleby(3) }} {{ 3 is divisibleby 2 }} {{ 'a' is in ['a'] }} {{ 'a' is not in(['b']) }} {{ none is sameas none }} {{ 1 is eq 1 }} {{ 2 is gt(1) and 1 is lt 2 }}",
  },
  {
    template:
      "{{ 1.5 is float }} {{ true is number }} {{ true is integer }} {{ d is mapping }} {{ d is iterable }} {{ 's' is sequence }} {{ l is sequence }} {{ missing is iterable }} {{ n is iterable }}",
  },
  {
    template:
      "{{ l|select('odd')|list }} {{ l|reject('gt', 1)|list }} {{ messages|selectattr('role','equalto','user')|list|length }} {{ messages|rejectattr('role','eq','user')|map(attribute='content')|join('-') }} {{ messages|map(attribute='role')|map('upper')|list }}",
  },
  {
    template:
      "{{ messages|groupby('role') }} {{ l|batch(2)|list }} {{ l|sum }} {{ l|max }} {{ l|min }} {{ l|sort }} {{ l|sort(reverse=true) }} {{ ['b','A','a']|sort }} {{ ['b','A','a']|unique|list }} {{ l|reverse|list }} {{ 'abc'|reverse }}",
  },
  {
    template:
      "{{ 3.567|round(2) }} {{ 3|round }} {{ 2.5|round }} {{ 3.1|round(0,'ceil') }} {{ -3|abs }} {{ '3'|int }} {{ 'x'|int(9) }} {{ '3.7'|int }} {{ '3.5'|float }} {{ 3|float }} {{ 3.9|int }}",
  },
  {
    template:
      "{{ 'hello world foo bar'|truncate(11) }} {{ 'hello world'|truncate(8, true, '..') }} {{ 'ab'|center(7) }}| {{ 'a b/c?d'|urlencode }} {{ '<a>'|e }} {{ '<a>'|safe }} {{ 'a b'|wordcount }}",
  },
  {
    template:
      "{{ 'a\\nb\\n\\nc'|indent }} {{ 'a\\nb'|indent(2, true) }} {{ 'a\\n\\nb'|indent(width=1, blank=true) }}",
  },
  {
    template:
      "{{ missing|default('x') }} {{ ''|default('x', true) }} {{ none|default('x') }} {{ missing|d('y') }} {{ missing|upper }} {{ none|string }} {{ true|string }} {{ 'a' ~ none ~ 1 ~ true ~ 1.50 }}",
  },
  {
    template:
      "{{ [1,none,'x']|join(',') }} {{ []|first }} {{ l|last }} {{ 'abc'|first }} {{ [[1,2],[3]]|sum(start=[]) }}",
  },
  {
    template:
      "{{ d|tojson }} {{ d|tojson(indent=2) }} {{ d|tojson(sort_keys=true) }} {{ d|tojson(separators=(',',':')) }} {{ 'é😀<&\\n\\x07'|tojson }} {{ 'é😀'|tojson(ensure_ascii=true) }} {{ []|tojson(indent=2) }} {{ {}|tojson }} {{ 1.0|tojson }}",
  },
  { template: '{{ missing|tojson }}' },
  {
    template:
      '{{ 0.1 + 0.2 }} {{ 0.00001 }} {{ 100000.0 * 1000000000000 }} {{ 2.5 * 2 }} {{ 1 / 3 }}',
  },
  { template: "{{ 'a' + 1 }}" },
  { template: '{{ 1 + none }}' },
  {
    template: '{{ range(3)|list }} {{ range(5,0,-2)|list }} {{ dict(a=1) }} {{ namespace(a=1).a }}',
  },
  {
    template:
      "{% set j = joiner(',') %}{{ j() }}a{{ j() }}b {% set c = cycler('x','y') %}{{ c.next() }}{{ c.next() }}{{ c.current }}",
  },
  {
    template:
      '{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}',
  },
  {
    template:
      '{% set z %}  in {{ n }}{% endset %}{{ z }}{% filter upper %}abc{{ n }}{% endfilter %}',
  },
  { template: '{% set a, b = 1, 2 %}{{ a }}{{ b }}' },
  { template: "{{ 'x' if n > 5 }}{{ 'y' if n > 50 }}{{ 'z' if n > 50 else 'w' }}" },
  { template: "{{ not n }} {{ n and 's' }} {{ e or 'k' }} {{ not e and t }}" },
  {
    template:
      '{{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ l[:2] }} {{ l[9] is defined }} {{ u[0] }} {{ u[-1] }} {{ u[1:3] }}',
  },
  { template: '{%- if true -%}   x   {%- endif %}   y {# c #} z' },
  {
    template: '{% generation %}gen{% endgeneration %} {%- generation -%} q {%- endgeneration -%} r',
    differs: 'a space between two tags of generation blocks',
  },
  { template: 'a {% generation %}gen{% endgeneration %} b' },
  { template: "{{ raise_exception('oops: ' ~ n) }}" },
  { template: '{{ l.append(4) }}' },
  { template: "{{ d.update({'q':1}) }}" },
  { template: "{{ ''.__class__ }}" },
  {
    template: "{{ d.__proto__ }}{{ d['constructor'] }}{{ messages.constructor }}{{ self }}",
    differs: 'self',
  },
  { template: '{{ range(200000)|length }}' },
  { template: '{{ 1 < 2 < 3 }}', differs: 'chained comparison' },
  { template: '{{ 1/0 }}' },
  { template: '{{ l|nosuch }}' },
  { template: '{{ n is nosuch }}' },
  { template: "{{ 'a' 'b' }} {{ \"tab\\tquote\\\"\" }} {{ 'uni\\u00e9 \\x41' }}" },
  {
    template:
      "{{ 'straße'.upper() }} {{ 'İ'.lower() }} {{ 'ΑΣ'.lower() }} {{ '٣'.isdigit() }} {{ 'abc'.startswith(('x','a')) }} {{ 'abc'.endswith('c') }} {{ 'a1'.isalnum() }} {{ 'ABC'.isupper() }}",
  },
  {
    template:
      "{{ 'x'.join(['a','b']) }} {{ 'abcabc'.count('bc') }} {{ 'abc'.index('c') }} {{ '7'.zfill(3) }} {{ 'a'.ljust(3) }}| {{ 'a'.rjust(3) }} {{ 'a'.center(4,'*') }} {{ 'ab'.removeprefix('a') }} {{ 'ab'.removesuffix('b') }}",
  },
  { template: "{{ strftime_now('%Y-%m-%d %B %b %A %a %j %y %-d') }}" },
  { template: '{{ "a" if messages[0].role == "user" and not messages[0].tool_calls else "b" }}' },
  {
    template:
      "{{ messages[0].content.split(' ')[-1].strip() }}{{ (messages|last).role }}{{ messages|length - 1 }}",
  },
  {
    template: "{{ ' \\x1c\\x85 a\\ufeff '.strip() }}| {{ ' a '|trim(' ') }}|{{ 'xax'|trim('x') }}",
  },
  {
    template: "{{ [1,2,3]|length == 3 and 'yes' }} {{ 5 > 3 }} {{ 'b' > 'a' }} {{ [1,2] < [1,3] }}",
  },
  {
    template:
      '{{ 1 if none is none else 2 }} {{ x is not defined }} {{ n is not none }} {{ d is not mapping }}',
  },
  {
    template:
      "{% for m in messages if m.role == 'user' %}{{ loop.length }}{{ m.role }}{% endfor %}",
  },
  {
    template:
      "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else '-' }}{{ loop.nextitem.role }}{% endfor %}",
  },
  {
    template:
      "{{ messages[0]['content'] is string }} {{ messages[0].get('name') is none }} {{ bos_token }}{{ eos_token }}{{ eos_token is defined }}",
  },
  { template: '{% raw %}{{ x }}{% endraw %}', differs: 'raw' },
  { template: '{% with a = 1 %}{{ a }}{% endwith %}', differs: 'with' },
  { template: '{{ (1,) }}', differs: 'tuple of one' },
  { template: '{{ {1: 2} }}' },
  { template: "{{ 'a\\/b' }}", differs: 'unknown escape' },
  { template: '  {%+ if true %}x{% endif %}', differs: 'plus sign' },
  { template: '{% for x in [[1],[2]] recursive %}{{ x }}{% endfor %}', differs: 'recursive loop' },
  { template: '{{ "%s" % "a" }} {{ "%%" % [] }}' },
  { template: '{{ "%s" % "a" }}{{ \'%%\' % () }}', differs: 'empty tuple' },
  { template: '{{ 10000000000000000000000 }}' },
  {
    template:
      "{{ 'a'|attr('upper') is defined }} {{ l|map('string')|join }} {{ 5|string + 'x' }} {{ l|count }}",
  },
  { template: '{% do l %}' },
  { template: '{{ 1 ~ 2 + 3 }}' },
  { template: '{% set x = 5 -%}   ' },
  { template: '{{ x }}' },
  {
    template:
      '{% for a, b in [[1,2],[3,4]] %}{{ a+b }} {% endfor %}{% for k in d %}{{ k }}{% endfor %}',
  },
  {
    template:
      '{% macro r(x) %}{% if x > 0 %}{{ x }}{{ r(x - 1) }}{% endif %}{% endmacro %}{{ r(3) }}',
  },
  { template: "{{ d|map('upper')|join }} {{ d|list }} {{ d|first }} {{ 'a,b'.split(',')|last }}" },
  { template: '{{ "{}" }}{{ \'{{\' }}{{ \'}}\' }} {"a": {{ n }}} {a}' },
  { template: '{{ 1e5 }}', differs: 'an exponent in a number' },
  { template: '{{ 1_000 }}', differs: 'an underscore in a number' },
  { template: '{{ 2 ** 70 }}', differs: 'a large integer' },
  { template: "{{ 'a'.encode() }}", differs: 'a method of str that is not here' },
  { template: "{{ ['a']|pprint }}", differs: 'a filter that is not here' },
  { template: '{% set x | upper %}a{% endset %}{{ x }}', differs: 'a filter on a set block' },
  { template: "{{ ('<' + ('b'|safe)) }}", differs: 'Markup escapes what it is joined with' },
  {
    template: "{{ '-#}' }}x -}\ny",
    differs: 'a line end after what only looks like the end of a tag',
  },
  { template: '{{ 0x10 }}', differs: 'a hexadecimal number' },
  { template: '{{ ()|length }}', differs: 'an empty tuple' },
  { template: 'a\n  {% if true %}\n b\n  {% endif %}\n  c\n' },
  { template: '{{ n }}\n\n' },
  { template: 'x {#- c -#}  y\n' },
  { template: '\r\na\r\n{% if t %}\r\nb{% endif %}\r\n' },
  { template: '{% if t -%}\n   z\n{%- endif %}\n  {{- n -}}  \n e' },
  { template: 'a\n   {- b', differs: 'what only looks like the start of a tag' },
  { template: '{% set é = 1 %}{{ é }}', differs: 'a name that is not ASCII' },
  { template: "{{ 'abcabc'.find('a', 1) }}", differs: 'a method with a start' },
  { template: "{{ '{:>4}'.format('a') }}", differs: 'a format with more than a field' },
  { template: "{{ '%e' % 1.5 }}", differs: 'a format that is not here' },
  { template: '{{ lipsum is defined }}', differs: 'lipsum' },
  { template: "{% include 'other' ignore missing %}a", differs: 'include' },
  { template: '{% macro m() %}{{ n }}{% set n = 1 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}' },
  { template: '{% if t %}{% set inside = 1 %}{% endif %}{{ inside }}' },
  {
    template: '{% for x in l %}{% for y in e %}{% else %}-{{ loop.index }}{% endfor %}{% endfor %}',
  },
  {
    template:
      '{% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ y }}{% endfor %};{% endfor %}',
  },
  { template: '{% set a %}x{% set b = 1 %}{% endset %}{{ a }}{{ b }}' },
  {
    template:
      '{{ messages == messages[:] }} {{ messages[0] == messages[1] }} {{ messages[-1].content }} {{ messages[5:] }}',
  },
];
