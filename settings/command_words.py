"""A command of Kamal's, in the words that its container gets."""

from __future__ import annotations

import shlex

from settings.errors import Problem
from settings.psych import ruby_text
from settings.tree import Node

# What a shell would have taken for itself outside of quotes.
SHELL_SIGNS = set("();<>|&")


def command_words(node: Node, problems: list[Problem]) -> Node:
    """Split a command as the shell would that Kamal gives it to.

    Args:
        node: the command.
        problems: takes what is wrong.

    Returns:
        A list of its words.
    """
    if isinstance(node.value, (list, dict)) or node.value is None:
        problems.append(node.problem("must be text", "Write the command on one line."))
        return node.having([])
    text = ruby_text(node.value)
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        signs = [word for word in lexer if word and set(word) <= SHELL_SIGNS]
        words = shlex.split(text)
    except ValueError:
        problems.append(node.problem("holds an open quote", "Close it."))
        return node.having([])
    if signs and not any(sign in words and f"'{sign}'" in text for sign in signs):
        rule = f"holds {signs[0]}, which the server's own shell would take, not the container's"
        problems.append(node.problem(rule, "Write sh -c '...' around the command."))
    return node.having([node.having(word) for word in words])
