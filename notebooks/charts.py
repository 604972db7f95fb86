"""What the notebooks draw, and what can be moved in them.

    figure, axes = chart("work factor", "milliseconds")   an empty chart
    label(axes, x, y, "text", color)                      words beside a dot
    show(figure, "Milliseconds by work factor", values)   the chart, and its values as a text
    move(function, factor=(4, 16, 12))                    a slider, and what the function says

The colors keep their contrast on white and on black, and differ for the color-blind.
"""

import base64
import html
import io
import logging
import warnings

import ipywidgets
from IPython.display import HTML, display

logging.getLogger("matplotlib.font_manager").setLevel("ERROR")  # it tells when it looks for fonts
import matplotlib.pyplot as plt  # noqa: E402

BLUE, ORANGE, GRAY = "#2a86c8", "#d55e00", "#808080"
STYLE = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), GRAY)
STYLE |= {"xtick.color": GRAY, "ytick.color": GRAY, "font.size": 11}
STYLE |= {"axes.spines.top": False, "axes.spines.right": False}


def chart(x, y="", height=3, **settings):
    """Return an empty chart with labels, which take the units along."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7, height))
        axes.set(xlabel=x, ylabel=y, **settings)
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                axis.set_major_formatter("{x:,.9g}")
    return figure, axes


def label(axes, x, y, text, color=GRAY, align="left"):
    """Write words beside a dot of a chart."""
    shift = {"left": (8, 0), "right": (-8, 0), "center": (0, 9)}[align]
    place = {"ha": align, "va": "bottom" if align == "center" else "center", "color": color}
    axes.annotate(text, (x, y), shift, textcoords="offset points", weight="bold", **place)


def show(figure, title, values):
    """Show a chart, with a title and its values for those who cannot see it."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of emoji, which the font doesn't have
        figure.savefig(file, format="png", dpi=110, bbox_inches="tight", transparent=True)
    plt.close(figure)
    picture = base64.b64encode(file.getvalue()).decode()
    told = "; ".join(f"{name}: {words(value)}" for name, value in values.items())
    text = html.escape(f"{title}. {told}")
    display(HTML(f'<img data-measured="1" alt="{text}" src="data:image/png;base64,{picture}">'))


def words(value):
    """Return a value as a text; a measured number gets the sign that says so."""
    return f"\u2248 {value:.3g}" if isinstance(value, float) else str(value)


def move(function, **choices):
    """Show what a function says, with something to move for each of its values.

    A choice is (lowest, highest, at first) for a slider, or a text for a field to type into.
    Where no widget runs, the words for the first choice are shown, and how to make another one.
    """
    controls = {name: control(name, choice) for name, choice in choices.items()}
    shown = ipywidgets.HTML()

    def say(change=None):
        try:
            said = function(**{name: one.value for name, one in controls.items()})
        except Exception as error:
            if not change:  # the cell shows it; what is raised later is seen nowhere
                raise
            said = f"{type(error).__name__}: {error}"
        shown.value = f'<pre style="line-height: 1.4">{html.escape(said)}</pre>'
        return said

    for one in controls.values():
        one.observe(say, "value")
    first = say()
    values = ", ".join(repr(one.value) for one in controls.values())
    first += f"\n(No slider here? Change the values in print({function.__name__}({values})))"
    box = ipywidgets.VBox([*controls.values(), shown])
    display(box._repr_mimebundle_() | {"text/plain": first}, raw=True)


def control(name, choice):
    """Return a slider, or a field for a text."""
    looks = {"description": name.replace("_", " "), "continuous_update": False}
    looks |= {"style": {"description_width": "8em"}, "layout": {"width": "36em"}}
    if isinstance(choice, str):
        return ipywidgets.Text(value=choice, **looks)
    if not isinstance(choice, (tuple, list)) or len(choice) != 3 or choice[0] > choice[1]:
        shape = f"{name}=(lowest, highest, at first)"
        raise ValueError(f"A slider takes three numbers, {shape}, and got {choice!r}.")
    lowest, highest, first = choice
    return ipywidgets.IntSlider(value=first, min=lowest, max=highest, **looks)
