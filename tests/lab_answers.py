"""Answers to the exercises of the labs: two right ones each, beside ours, and what learners try.

A wrong answer comes with a word of the sentence that it gets.
"""

RIGHT = {  # two ways to write it that differ from the solution
    "rounds": ["[13, 8192]", "(13, 1 << 13)"],
    "is_old": [
        "lambda stored: int(stored.split('$')[2]) < 12",
        "lambda stored: stored[4:6] < '12'",
    ],
    "highest": [
        "lambda seconds, limit: max(c for c in seconds if seconds[c] <= limit)",
        "lambda seconds, limit: sorted(c for c, t in seconds.items() if t <= limit)[-1]",
    ],
    "fits": [
        "lambda password: len(password.encode()) in range(1, 73)",
        "lambda password: password != '' and not len(bytes(password, 'utf-8')) > 72",
    ],
    "log_in": [
        "lambda s, a, h: h(a, s or 'dummy:x') == s",
        "lambda s, a, h: bool(s) if h(a, s or 'dummy:x') == s else False",
    ],
    "suspicious": [
        "lambda rows: {n for n, s in rows.items() if len(s) != 60 or s[:4] not in"
        " ('$2a$', '$2b$', '$2y$')}",
        "lambda rows: {n for n in rows if rows[n][:2] != '$2' or len(rows[n]) != 60}",
    ],
    "user_id": [
        "lambda cookie: __import__('re').search(r'_user_id\": ?\"(\\w+)', (lambda p:"
        " __import__('zlib').decompress(p) if cookie[0] == '.' else p)(__import__('base64')"
        ".urlsafe_b64decode(cookie.lstrip('.').split('.')[0] + '==')).decode())[1]",
        "lambda cookie: __import__('flask').json.loads(__import__('itsdangerous')"
        ".URLSafeSerializer('x').load_payload(cookie.rsplit('.', 2)[0].encode()).__repr__()"
        ".replace(\"'\", '\"'))['_user_id']",
    ],
    "signed_at": [
        "lambda cookie: __import__('datetime').datetime.fromtimestamp(int.from_bytes("
        "__import__('itsdangerous').encoding.base64_decode(cookie.split('.')[-2])),"
        " __import__('datetime').timezone.utc)",
        "lambda c: __import__('itsdangerous').TimestampSigner('a key for exercises',"
        " salt='cookie-session', key_derivation='hmac').unsign(c, return_timestamp=True)[1]",
    ],
    "settings": [
        "dict(SESSION_COOKIE_SAMESITE='Strict', SESSION_COOKIE_SECURE=True)",
        "{'SESSION_COOKIE_SECURE': True, 'SESSION_COOKIE_SAMESITE': 'Strict',"
        " 'SESSION_COOKIE_HTTPONLY': True}",
    ],
    "get_id": [
        "lambda user: f'{user.id}-' + __import__('hashlib').sha256("
        "user.password_hash.encode()).hexdigest()",
        "lambda user: __import__('hashlib').blake2b(f'{user.id}|{user.password_hash}'.encode(),"
        " key=b'key').hexdigest()",
    ],
    "is_sent": [
        "lambda c, a: (a.startswith('https') or '; secure' not in c.lower()) and"
        " (a.split('/', 3)[3].split('?')[0] + '/').startswith("
        "(c.split('Path=/')[1] + '/').lstrip('/'))",
        "lambda c, a: not ('; secure' in c.lower() and a[:5] == 'http:') and bool(__import__('re')"
        ".match(c.split('Path=')[1].rstrip('/') + r'(/|\\?|$)', '/' + a.split('/', 3)[3]))",
    ],
    "find": [
        "lambda c, n: next(c.execute('SELECT * FROM user WHERE username = :n', {'n': n}), None)",
        "lambda c, n: next((row for row in c.execute('SELECT * FROM user') if row[1] == n), None)",
    ],
    "is_safe": [
        "lambda t: t.isprintable() and t[:1] == '/' and t[1:2] != '/' and '\\\\' not in t",
        "lambda t: bool(__import__('re').fullmatch(r'/(?![/\\\\])[!-\\[\\]-~]*', t))",
    ],
    "token_ok": [
        "lambda s, f: bool(s.get('csrf_token')) and s.get('csrf_token') == f.get('csrf_token')",
        "lambda s, f: 'csrf_token' in s and s['csrf_token'] != '' and"
        " f.get('csrf_token') == s['csrf_token']",
    ],
    "allowed": [
        "lambda failures, now: len([t for t in failures if now - t < 3600]) < 10",
        "lambda failures, now: not sorted([t for t in failures if t > now - 3600])[9:]",
    ],
    "sprayers": [
        "lambda fs, n: {a for a, _ in fs if len({u for b, u in fs if b == a}) > n}",
        "lambda fs, n: {a for a in dict(fs) if len(set(u for b, u in set(fs) if b == a)) > n}",
    ],
    "order": ["'BA' + 'CED'", "''.join(['B', 'A', 'C', 'E', 'D'])"],
    "load": [
        "lambda get, i: get(int(i)) if i.isdigit() else None",
        "lambda get, i: next((get(n) for n in range(100) if str(n) == i), None)",
    ],
    "is_right": [
        "lambda c, s, a: c(s, a) if s else False",
        "lambda c, s, a: bool(s and c(s, a))",
    ],
    "repaired": [
        'EXERCISE.replace(\'@app.get("/register")\', \'@app.get("/register")\\n'
        "@app.post(\"/register\")').replace('login_user(name)', 'login_user(person)').replace("
        "'@login_required\\n@app.get(\"/welcome\")', '@app.get(\"/welcome\")\\n@login_required')",
        'EXERCISE.replace(\'app.get("/register")\', \'app.route("/register", methods=["POST",'
        " \"GET\"])').replace('_user(name)', '_user(person)').replace('@login_required\\n', '')"
        ".replace('def welcome', '@login_required\\ndef welcome')",
    ],
}

WRONG = {  # {answer: what its sentence says}
    "rounds": {
        "13": "not a pair",
        "(13, 26)": "exponent",
        "(2, 13)": "not the work factor",
        "(12, 4096)": "not the work factor",
        "'13, 8192'": "not a pair",
        "('13', '8192')": "no quotes",
    },
    "is_old": {
        "lambda stored: '04' in stored": "'$2b$10$",
        "lambda stored: stored < '$2b$12$'": "'$2a$12$",
        "lambda stored: int(stored[4:6]) <= 12": "gives True, not False",
        "lambda stored: print(int(stored[4:6]) < 12)": "return missing",
        "True": "asks for a function",
    },
    "highest": {
        "lambda seconds, limit: max(seconds)": "13",
        "lambda seconds, limit: max(t for t in seconds.values() if t <= limit)": "0.25",
        "lambda seconds, limit: max(c for c in seconds if seconds[c] < limit)": "10, not 12",
        "lambda seconds, limit: [c for c in seconds if seconds[c] <= limit][-1]": "10, not 12",
        "lambda seconds: 12": "takes seconds, limit",
    },
    "fits": {
        "lambda password: 0 < len(password) <= 72": "37 characters, 74 bytes",
        "lambda password: len(password.encode()) <= 72": "0 characters",
        "lambda password: 0 < len(password.encode()) < 72": "72 characters",
        "lambda password: password.isascii() and 0 < len(password) <= 72": "36 characters",
    },
    "log_in": {
        "lambda s, a, h: bool(s) and h(a, s) == s": "0 times",
        "lambda s, a, h: h(a, s) == s": "needs a text for a salt",
        "lambda s, a, h: h(a, s or 'd:x') == (s or 'd:x')": "no user",
        "lambda s, a, h: h(a, 'salt') == h(a, s or 'salt')": "not",
        "lambda s, a, h: h(a, s or 'd:x')": "not True",
    },
    "suspicious": {
        "lambda rows: {n for n, s in rows.items() if not s.startswith('$2b$')}": "bob",
        "lambda rows: {n for n, s in rows.items() if len(s) != 60}": "mia",
        "lambda rows: [n for n, s in rows.items() if not s.startswith('$2')]": "set",
        "lambda rows: {n for n, s in rows.items() if not s.startswith('$2')}": "lee",
        "lambda rows: set()": "missing",
        "lambda rows: {n for n, s in rows.items() if s[0] != '$' or len(s) != 60}": "noa",
        "lambda rows: {n for n in rows if n not in ('ada', 'bob')}": "a dictionary of",
    },
    "user_id": {
        "lambda cookie: cookie.split('.')[0]": "first of the three parts",
        "lambda cookie: '7'": "first of the three parts",
        "lambda cookie: 7": "The id is a text",
        "lambda cookie: __import__('json').loads(__import__('base64').urlsafe_b64decode("
        "cookie.split('.')[0] + '=='))['_user_id']": "packed",
        "lambda cookie: None": "return missing",
    },
    "signed_at": {
        "lambda cookie: cookie.split('.')[1]": "part before the last",
        "lambda cookie: __import__('datetime').datetime.fromtimestamp(1770091506)": "no time zone",
        "lambda cookie: 1770091506": "number of seconds",
        "lambda cookie: __import__('datetime').datetime.now().astimezone()": "not 2026",
        "lambda cookie: None": "None",
        "lambda cookie: __import__('datetime').datetime(2026, 2, 3, 4, 5, 6,"
        " tzinfo=__import__('datetime').UTC)": "number of seconds",
    },
    "settings": {
        "{'SESSION_COOKIE_SECURE': True}": "SameSite=Strict is missing",
        "{'SESSION_COOKIE_SECURE': True, 'SESSION_COOKIE_SAMESITE': 'Lax'}": "SameSite=Strict",
        "{'SESSION_COOKIE_SAMESITE': 'Strict'}": "Secure is missing",
        "{'SESSION_COOKIE_SECURE': True, 'SESSION_COOKIE_SAMESITE': 'Strict',"
        " 'SESSION_COOKIE_HTTPONLY': False}": "HttpOnly is missing",
        "{'SESSION_COOKIE_SECURE': True, 'SESSION_COOKIE_SAMESITE': 'strictly'}": "SameSite",
        "'Secure; SameSite=Strict'": "not a dictionary",
        "{'SESSION_COOKIE_SECURE': 'yes', 'SESSION_COOKIE_SAMESITE': 'Strict'}": "without quotes",
        "{'SESSION_COOKIE_SECURE': True, 'SESSION_COOKIE_SAMESITE': True}": "takes a text",
    },
    "get_id": {
        "lambda user: f'{user.id}|{user.password_hash[-8:]}'": "piece of the hash",
        "lambda user: str(hash((user.id, user.password_hash)))": "each run",
        "lambda user: str(user.id)": "leaves the text",
        "lambda user: user.id": "asks for a text",
        "lambda user: str(id(user))": "logged out at once",
        "lambda user: __import__('secrets').token_hex()": "logged out at once",
        "lambda user: __import__('hashlib').md5(user.password_hash.encode()).hexdigest()": "same",
        "lambda user: str(user.id) + user.password_hash[::-1]": "too few",
        "lambda user: __import__('base64').b64encode(f'{user.id}{user.password_hash}'"
        ".encode()).decode()": "too few",
        "lambda user: f'{user.id}|{user.password_hash[7]}'": "too few",
    },
    "is_sent": {
        "lambda c, a: 'Secure' not in c or a.startswith('https')": "gives",
        "lambda c, a: True": "not False",
        "lambda c, a: a.startswith('https')": "not True",
        "lambda c, a: (a[:5] == 'https' or '; secure' not in c.lower()) and"
        " ('/' + a.split('/', 3)[3]).startswith(c.split('Path=')[1])": "/accounts",
        "lambda c: True": "takes",
    },
    "find": {
        "lambda c, n: c.execute(f\"SELECT * FROM user WHERE username = '{n}'\").fetchone()": "o'n",
        "lambda c, n: c.execute('SELECT * FROM user WHERE username = ?', (n,))": "not (1",
        "lambda c, n: c.execute('SELECT * FROM user WHERE username LIKE ?', (n,)).fetchone()": "%",
        "lambda c, n: c.execute('SELECT * FROM user WHERE username = ?', (n,)).fetchall()": "((1",
        "lambda c, n: c.execute(\"SELECT * FROM user WHERE username = '\" + n.replace(\"'\", '')"
        ' + "\'").fetchone()': "o'neil",
        "lambda c, n: {'ada': (1, 'ada'), \"o'neil\": (2, \"o'neil\")}.get(n)": "gives None",
        'lambda c, n: c.execute("SELECT * FROM user WHERE username = \'"'
        ' + n.replace("\'", "\'\'") + "\'").fetchone()': "'a\\x00b'",
    },
    "is_safe": {
        "lambda t: t.startswith('/') and not t.startswith('//')": "goes to evil.example",
        "lambda t: not __import__('urllib.parse').parse.urlsplit(t).netloc": "gives True",
        "lambda t: '//' not in t and t.startswith('/')": "gives False",
        "lambda t: t in ('/', '/account')": "gives False",
        "lambda t: t": "not True",
        "lambda t: t in ('/', '/account', '/account?x=1&y=//z', '/%2f%2fx',"
        " '/a-b_c.d~e')": "gives False",
        "lambda t: t.startswith('/') and 'evil' not in t": "goes to another.example",
    },
    "token_ok": {
        "lambda s, f: s.get('csrf_token') == f.get('csrf_token')": "for {}, {}",
        "lambda s, f: s['csrf_token'] == f['csrf_token']": "KeyError",
        "lambda s, f: bool(s.get('csrf_token') and f.get('csrf_token'))": "b2",
        "lambda s, f: s.get('csrf_token') and s.get('csrf_token') == f.get('csrf_token')": "gives",
        "lambda s, f: True": "not False",
        "lambda s, f: s == f == {'csrf_token': 'a1'}": "gives False",
        "lambda s, f: s == f and bool(s.get('csrf_token'))": "username",
    },
    "allowed": {
        "lambda failures, now: len(failures) < 10": "30 two hours ago",
        "lambda failures, now: len([t for t in failures if now - t < 3600]) <= 10": "10 failures",
        "lambda failures, now: len([t for t in failures[:10] if now - t < 3600]) < 10": "12 f",
        "lambda failures, now: sum(t > now for t in failures) < 10": "10 failures",
        "lambda failures: True": "takes failures, now",
        "lambda failures, now: failures.count(now - 600) < 10": "10 failures",
    },
    "sprayers": {
        "lambda fs, n: {a for a, _ in fs if sum(b == a for b, _ in fs) > n}": "10.0.0.1",
        "lambda fs, n: {a for a, _ in fs if len({u for b, u in fs if b == a}) >= n}": "10.0.0.2",
        "lambda fs, n: [a for a, _ in fs if len({u for b, u in fs if b == a}) > n]": "not set()",
        "lambda fs, n: set()": "10.0.0.3",
        "lambda fs, n: {a for a, _ in fs if len({u for _, u in fs}) > n}": "gives",
        "lambda fs, n: {a for a, k in __import__('itertools').groupby(fs, lambda p: p[0])"
        " if len({*k}) > n}": "10.0.0.3",
    },
    "order": {
        "'ABCDE'": "needs an app",
        "'BCAED'": "app.config",
        "'BACDE'": "create_all() makes tables",
        "'BAECD'": "db.Model",
        "'BAC'": "each once",
        "['B', 'A', 'C', 'E', 'D']": "not a text",
    },
    "load": {
        "lambda get, i: get(i)": "needs a number",
        "lambda get, i: get(int(i))": "ValueError",
        "lambda get, i: 'ada'": "not 'eve'",
        "lambda get, i: get(int(i[0]))": "for",
        "lambda get, i: None": "return missing",
        "lambda get, i: {'1': 'ada', '12': 'eve'}.get(i)": "return missing",
    },
    "is_right": {
        "lambda c, s, a: c(a, s)": "Invalid salt",
        "lambda c, s, a: c(s, a)": "Invalid salt",
        "lambda c, s, a: s and c(s, a)": "None",
        "lambda c, s, a: s == a": "gives False",
        "lambda c, s, a: True": "not False",
        "lambda c, s, a: s.endswith(a) if s else False": "gives False",
    },
    "repaired": {
        "EXERCISE": "GET /welcome",
        "EXERCISE.replace('def', 'dfe')": "doesn't start",
        "EXERCISE.replace('@login_required\\n', '')": "GET /welcome",
        "EXERCISE.replace('@login_required\\n', '').replace('def welcome',"
        " '@login_required\\ndef welcome')": "405",
        "EXERCISE.replace('@login_required\\n', '').replace('def welcome',"
        " '@login_required\\ndef welcome').replace('app.get(\"/register\")',"
        ' \'app.route("/register", methods=["POST", "GET"])\')': "AttributeError",
        "print(EXERCISE)": "place of None",
    },
}
