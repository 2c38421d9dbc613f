"""Dev: run cases with both and show."""
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

from tests.differential import ansible_side, compare, provision_side, runner
from tests.differential.cases import cases


def main():
    pats = sys.argv[1:]
    rec = runner.recorded()
    todo = [c for c in cases().values() if c.where=='local' and (not pats or any(fnmatchcase(c.name, p) for p in pats))]
    stale = [c for c in todo if rec.get(c.name,{}).get('digest') != c.digest]
    def work(part):
        got = {}
        with ansible_side.ansible() as a:
            for c in part:
                with tempfile.TemporaryDirectory() as d:
                    try:
                        got[c.name] = {"digest": c.digest, "runs": runner.run_local(c, Path(d), a.run)}
                    except Exception as e:
                        print("ANSIBLE", c.name, repr(e))
        return got
    if stale:
        with ThreadPoolExecutor(2) as p:
            for got in p.map(work, [stale[0::2], stale[1::2]]): rec.update(got)
        rec = {n: rec[n] for n in sorted(rec) if n in cases()}
        runner.RECORD.write_text(json.dumps(rec, indent=0, ensure_ascii=False)+"\n")
    bad = 0
    for c in todo:
        if c.name not in rec: continue
        tool = lambda case, f, o, i: provision_side.run(case, f, o, i, provision_side.local)
        with tempfile.TemporaryDirectory() as d:
            try: runs = runner.run_local(c, Path(d), tool)
            except Exception as e:
                import traceback; print("==", c.name, "PROVISION CRASH", repr(e)); traceback.print_exc(limit=-4); bad+=1; continue
        v = compare.judge(c, rec[c.name]["runs"], runs)
        if v.unknown or v.stale:
            bad += 1
            print("==", c.name, v.stale or "")
            for u in v.unknown[:12]: print("  ", str(u))
            if len(v.unknown) > 12: print("   ...", len(v.unknown))
            for i, (e, g) in enumerate(zip(rec[c.name]["runs"], runs)):
                if e.get("error") : print("   ansible error:", e["error"][-700:])
                if g.get("error"): print("   provision error:", g["error"][:700])
    print(len(todo), "cases", bad, "bad")
main()
