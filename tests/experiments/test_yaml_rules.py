"""What a YAML file may not hold is refused at once, with file, line and remedy, and nothing in it is run."""

import pytest

from experiments.errors import InputError
from experiments.yaml_files import MAX_BYTES, MAX_NODES, parse_yaml, read_yaml

BOMB = "a0: &a0 x\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))
DEEP = "nested deeper than 32 levels"
MANY = f"more than {MAX_NODES} values, lists and mappings (split the file)"

REFUSED = {
    "a duplicate key": ("a: 1\nb: 2\na: 3", "f.yaml line 3: found duplicate key"),
    "a python tag": ("a: 1\nb: !!python/object/apply:os.mkdir [{ran}]", "f.yaml line 2: tags are not supported"),
    "a python name": ("!!python/name:os.system", "f.yaml line 1: tags are not supported"),
    "a tag of YAML's own": ("a: !!set {x}", "f.yaml line 1: tags are not supported"),
    "an alias": ("a: &x [1]\nb: *x", "f.yaml line 2: aliases are not supported"),
    "an alias bomb": (BOMB, "f.yaml line 2: aliases are not supported"),
    "deep brackets": ("a: " + "[" * 100_000, f"f.yaml line 1: {DEEP}"),
    "deep braces": ("{a: " * 100_000, f"f.yaml line 1: {DEEP}"),
    "deep indentation": (
        "\n".join(" " * n + "a:" for n in range(1000)),
        f"f.yaml line 33: {DEEP}",
    ),
    "a deep sequence": ("- " * 10_000 + "x", f"f.yaml line 1: {DEEP}"),
    "a hundred thousand seeds": (f"seeds: {list(range(100_000))}", f"f.yaml line 1: {MANY}"),
    "a hundred thousand rows": ("variants:\n" + "- {name: a, label: b}\n" * 100_000, f"f.yaml line 1001: {MANY}"),
    "a hundred thousand keys": ("? a\n" * 100_000, f"f.yaml line 2501: {MANY}"),
    "another version": ("%YAML 1.1\n---\na: yes", "f.yaml line 1: directives are not supported"),
    "two documents": ("a: 1\n---\na: 2", "f.yaml line 2: but found another document"),
    "an open quote": ('a: "text', "f.yaml line 1: found unexpected end of stream"),
    "a tab": ("a:\n\t- b", "f.yaml line 2: found character"),
    "a control character": ("a: \x00", "f.yaml: is not valid YAML: unacceptable character"),
    "an impossible date": ("a: 2001-99-99", "f.yaml: holds a value that cannot be read: month must be in 1..12"),
    "half a character": ('a: "\\ud800"', "f.yaml: holds a value that cannot be read: 'utf-8' codec"),
    "a number without end": ("a: " + "9" * 5000, "f.yaml: holds a value that cannot be read: Exceeds the limit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a1_a_file_that_is_not_plain_is_refused_where_it_stops_being_so(case, tmp_path):
    text, message = REFUSED[case]
    ran = tmp_path / "ran"
    with pytest.raises(InputError) as refusal:
        parse_yaml(text.replace("{ran}", str(ran)), "f.yaml")

    (problem,) = refusal.value.problems
    assert str(problem).startswith(message)
    assert problem.remedy
    assert not ran.exists()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.5E3", 1500.0),
        ("5", 5),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("1:30", "1:30"),
        ("010", 10),
        ("'1e-4'", "1e-4"),
        ("\ufeff5", 5),
        ("[s4, avss]", ["s4", "avss"]),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text, value):
    parsed = parse_yaml(text, "word")
    assert parsed == value
    assert type(parsed) is type(value)


def test_unreadable_files_are_refused_by_name(tmp_path):
    cases = {
        "latin.yaml": ("title: Grüße".encode("latin-1"), "is not UTF-8 text (save it as UTF-8)"),
        "huge.yaml": (b"#" * (MAX_BYTES + 1), f"file is larger than {MAX_BYTES} bytes (split it)"),
    }
    for name, (content, message) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError) as refusal:
            read_yaml(path)
        assert str(refusal.value) == f"{path}: {message}"
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(InputError, match=r": cannot be read: .+ \(check the path\)$"):
            read_yaml(path)
