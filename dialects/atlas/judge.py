"""What a receiver of Atlas webhooks answers: any 2xx is a yes, for the documents state no answer (digests, Rec.)."""

from dialects.contract import Answer, Refused, Understood, Verdict


def judge(answer: Answer) -> Verdict:
    return Understood() if 200 <= answer.status < 300 else Refused(f"http-{answer.status}")
