# SPDX-License-Identifier: MIT
"""Makes logs of a bring-up for the tests, by the grammar of docs/bring-up.md."""

import binascii


def with_crc(body):
    return f"{body} # crc={binascii.crc_hqx(body.encode(), 0xFFFF):04x}"


def lines(cpus=4, failing=(), absent=()):
    """The lines of a good report: two tests on each CPU, and one that fails on those of failing.

    absent holds the APIC ids of CPUs that do not start.
    """
    bodies = [f'not ok - start cpu=- apic={a} phase=start expected="starts"' for a in absent]
    for cpu in range(cpus):
        where = f"cpu={cpu} apic={cpu * 2}"
        bodies.append(f'ok - identity {where} phase=each found="signature 0x50654"')
        bodies.append(f"ok - pks {where} phase=each # SKIP the CPU has no PKS")
        fields = ' expected="error code 0x25" found="0x5"' if cpu in failing else ""
        bodies.append(f"{'not ' if cpu in failing else ''}ok - oracle {where} phase=all{fields}")
    results = [body.replace("ok -", f"ok {n} -", 1) for n, body in enumerate(bodies, 1)]
    failed = sum(body.startswith("not") for body in results)
    begin = f"# bringup begin format=1 results={len(results)} cpus={cpus} absent={len(absent)}"
    begin += ' tests=3 seed=0x2a emulator=none model="A CPU (R) <1>" kernel="Latchkey v1-2"'
    end = f"# bringup end pass={len(results) - failed - cpus} fail={failed} skip={cpus}"
    end += f" total={len(results)} verdict={'fail' if failed else 'pass'}"
    plan = ["KTAP version 1", f"1..{len(results)}"]
    return plan + [with_crc(body) for body in (begin, *results, end)]


def log(report):
    """The bytes of a serial line on which these lines of a report came."""
    return "\r\n".join(["\x1b[2JBooting 'bringup'", *report, "the end", ""]).encode()
