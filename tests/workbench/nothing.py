"""Find out where a None came from: name the expression that was None, and what gave it."""

import ast
import inspect
import re
import textwrap
from itertools import chain

from workbench.frames import frames_of, function_at, node_at, tree, value_of
from workbench.names import definitions

ASKED = (  # what the text of an error says about None, and which expression it speaks of
    (r"'NoneType' object has no attribute", ast.Attribute, "value"),
    (r"'NoneType' object is not subscriptable", ast.Subscript, "value"),
    (r"'NoneType' object is not callable", ast.Call, "func"),
    (r"object of type 'NoneType' has no len", ast.Call, "args"),
)
QUERY = re.compile(r"\b(query|scalars?|execute|select)\b|\bget\([A-Z]")
OF_A_FORM = re.compile(r"""request\.(form|values)\.get\(\s*["'](.+?)["']""")
WIDTH = 60  # characters of an expression that is shown


def hint_for_none(scene):
    """Return a hint that names what was None in an error about None, or None."""
    if "NoneType" not in str(scene.error):
        return None
    if not scene.frames:
        names = [function.__name__ for function in after_request(scene.error, scene.copy.app)]
        told = "Flask sends what a function below after_request returns. What does {} return?"
        return told.format(", ".join(names)) if names else None
    node, frames = broken(scene), scene.frames
    if node is None:
        return None
    node, origin, frames = followed(node, frames)
    shown, giver = ast.unparse(node), origin or node
    if field := OF_A_FORM.search(ast.unparse(giver)):
        return about_a_field(field[2], scene)
    if isinstance(node, ast.Constant):
        return "This call is given None. Which value does it need?"
    if isinstance(giver, ast.Call):
        return about_a_call(shown, giver, scene)
    if origin is not None and not isinstance(origin, ast.Constant):
        return f"{shown} is None. Its value is from line {origin.lineno}: {short(origin)}."
    return f"{short(node)} is None here. Which line gives it a value, and has it run?"


def broken(scene):
    """Return the expression of the learner's that was None, or None if that is not known."""
    frame, _, lasti = scene.frames[-1]
    if not scene.is_own:  # a library broke: which argument was it given?
        call = node_at(frame, lasti, ast.Call)
        given = [*call.args, *(one.value for one in call.keywords)] if call else ()
        return next((node for node in given if is_none(node, frame)), None)
    for text, kind, field in ASKED:
        if re.search(text, str(scene.error)) and (node := node_at(frame, lasti, kind)):
            part = getattr(node, field)
            return part[0] if isinstance(part, list) and part else part
    return None


def is_none(node, frame):
    """Say whether an argument was None: a variable that holds None, or the word itself."""
    if isinstance(node, ast.Constant):
        return node.value is None
    known = isinstance(node, ast.Name) and node.id in {**frame.f_globals, **frame.f_locals}
    return known and value_of(node, frame) is None


def followed(node, frames):
    """Follow a variable to the expression that gave it its value, through the calls on the way."""
    origin = None
    while isinstance(origin or node, ast.Name) and frames:
        frame, line, _ = frames[-1]
        found, outer = source_of((origin or node).id, frame, line, frames)
        if found is None:
            break
        if isinstance(found, ast.Name) and outer is not frames:
            node = found
        else:
            origin = found
        if outer is frames:
            break
        frames = outer
    return node, origin, frames


def source_of(name, frame, line, frames):
    """Return (expression, frames) that a variable got its value from; the expression may be None.

    It is above the line in the same function, in a call of it, or at the file's left margin.
    """
    path = frame.f_code.co_filename
    function = function_at(path, line)
    if function is not None:
        if given := [one.value for one in ast.walk(function) if is_given(one, name, line)]:
            return given[-1], frames
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        if name in names:
            return passed(name, names, frames)
    given = [one.value for one in tree(path).body if is_given(one, name, line)]
    return (given[-1] if given else None), frames


def passed(name, names, frames):
    """Return (expression, frames) that a call gave to a parameter; the expression may be None."""
    if len(frames) < 2:
        return None, frames
    caller, _, lasti = frames[-2]
    call = node_at(caller, lasti, ast.Call)
    if call is None:
        return None, frames
    by_name = [one.value for one in call.keywords if one.arg == name]
    index = names.index(name) - (names[0] == "self")
    found = by_name or call.args[index : index + 1]
    return (found[0], frames[:-1]) if found else (None, frames)


def is_given(node, name, line):
    """Say whether a statement above a line gives a variable its value."""
    if not isinstance(node, ast.Assign) or node.lineno > line:
        return False
    return any(isinstance(one, ast.Name) and one.id == name for one in node.targets)


def about_a_field(name, scene):
    """Say that a form has sent no field of a name, and which ones it has."""
    sent = [field for field in scene.page.sent if field] if scene.page else []
    fields = f" It sends: {', '.join(sent)}." if sent else ""
    return f"The form sends no field {name}, so get() gave None.{fields}"


def about_a_call(shown, call, scene):
    """Say which call gave the None, and where to look for the reason."""
    code, name = ast.unparse(call), getattr(call.func, "attr", getattr(call.func, "id", ""))
    it = short(call) if shown == code else f"{shown} is None: {short(call)}"
    if name == "init_app":
        return "init_app() returns None. What is it called on, and what does the name need to hold?"
    if scene.deeds and scene.deeds.asked and QUERY.search(code):
        return f"The query in line {call.lineno} found no row. What does the code do then?"
    if name in ("get", "getenv", "pop"):
        return f"{short(call)} gave None: nothing has that name at this moment. Who puts it there?"
    if any(one.name == name for one in definitions(scene.files)):
        return f"{it} gave None. Which path through {name}() ends without a return?"
    return f"{it} gave None. When does it return nothing?"


def short(node):
    """Return an expression as text, or the beginning of a long one."""
    code = ast.unparse(node)
    return code if len(code) <= WIDTH else code[:WIDTH].rstrip() + "..."


def hint_for_no_return(function):
    """Ask about a function that has returned nothing: has it no return, or one inside an if?"""
    try:
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    except (TypeError, OSError, ValueError, SyntaxError):
        node = ast.Module([], [])
    returns = [one for one in ast.walk(node) if isinstance(one, ast.Return)]
    body = getattr(node, "body", [])
    if not returns or isinstance(body[-1], ast.Expr | ast.Return):
        return "A function without return returns None."
    which = {1: "The only return is", 2: "Both returns are"}.get(len(returns), "Every return is")
    return f"{which} inside an if. What comes back where the condition is false?"


def after_request(error, app):
    """Return the functions that run after each request, if one of them has returned no response."""
    ways = [frame.f_code.co_name for frame, *_ in frames_of(error)] if error else []
    sending = {"process_response", "save_session"} & {*ways}
    if not app or not sending or "NoneType" not in str(error):
        return []
    functions = chain(*app.after_request_funcs.values())
    return [one for one in functions if "site-packages" not in str(getattr(one, "__code__", ""))]
