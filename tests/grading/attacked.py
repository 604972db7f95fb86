"""What is told of the attacks on a class: two columns, a part of the feedback, of the summary."""

from collections import Counter

from workbench.progress import bar


def is_asked(verdicts):
    """Say whether anyone's app was attacked."""
    return any(one.attacks for one in verdicts)


def heading(verdicts):
    """Return the names of the columns, if there are any."""
    most = max((len(one.attacks) for one in verdicts), default=0)
    return ["attacks stopped", f"attacks tried of {most}"] if most else []


def counted(verdict):
    """Return how many attacks an app has stopped, and how many could be tried."""
    kinds = Counter(one["outcome"] for one in verdict.attacks)
    return [kinds["passed"], kinds["passed"] + kinds["failed"]]


def cells(verdict):
    """Return the cells of a submission; they are empty where it was not attacked."""
    return counted(verdict) if verdict.attacks else ["", ""]


def feedback(verdict):
    """Return the lines for a student: the score, and a message about each attack that succeeds."""
    if not verdict.attacks:
        return []
    stopped, tried = counted(verdict)
    lines = ["", f"Attacks: {stopped} of {tried} stopped."]
    if waiting := len(verdict.attacks) - tried:
        lines.append(f"{waiting} more need what the app does not have, or could not be tried.")
    for one in verdict.attacks:
        if one["outcome"] == "failed":
            lines += ["", f"{one['name']} succeeds:", *one["text"].splitlines()]
    return lines


def summary(verdicts, sentences):
    """Return the lines for the screen: how many apps stop each attack, of those that can be tried.

    `sentences` says what each attack does, by (step, name).
    """
    told = [one for verdict in verdicts for one in verdict.attacks]
    stopped = Counter(one["name"] for one in told if one["outcome"] == "passed")
    tried = stopped + Counter(one["name"] for one in told if one["outcome"] == "failed")
    lines = ["", "attacks stopped, of those that could be tried:"]
    for (_, name), words in sentences.items():
        if tried[name]:
            many = f"{stopped[name]} of {tried[name]}"
            lines.append(f"{many:>9}  {bar(stopped[name], tried[name])}  {name}: {words}")
    return lines
