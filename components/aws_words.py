"""What AWS refuses, in the words of the one who reads it.

AwsError    the account cannot be used as the settings say; nothing was touched
"""

from __future__ import annotations

import re

import pulumi

# What messages begin with: the step of the job, as in the README.
STEP = "step 0, provision"
LAB = "In the Learner Lab: AWS Details, then AWS CLI: Show"
NEW_CREDENTIALS = (
    f"{LAB}; paste all of it over the whole of ~/.aws/credentials. They are new at each lab start."
)
NOT_FOR_LAB = "The Learner Lab allows sizes up to large, and only some regions and services."
OWN_NAME = "Another stack or a run that was cut left it: take it away in AWS's console, or rename the stack"

# AWS's own code (a pattern) to what it means and what to do. The first that fits counts.
# Source: the lists of error codes in the references of the EC2, ECR and STS APIs.
WORDS = {
    r"ExpiredToken(Exception)?|RequestExpired": (
        f"the AWS credentials on this machine have expired. {NEW_CREDENTIALS}"
    ),
    r"NoCredentialsError|CredentialRetrievalError|PartialCredentialsError|ProfileNotFound": (
        f"there are no AWS credentials on this machine. {NEW_CREDENTIALS}"
    ),
    r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|AuthFailure|InvalidToken": (
        "AWS does not know the credentials on this machine; the session token may be missing. "
        f"{NEW_CREDENTIALS}"
    ),
    r"EndpointConnectionError|ConnectTimeoutError|ReadTimeoutError|ConnectionClosedError": (
        "AWS cannot be reached from this machine. Check the network and backstaff:aws.region."
    ),
    r"OptInRequired|InvalidRegion|UnknownRegion": (
        "the account may not use this region. Set backstaff:aws.region to one that it may."
    ),
    r"VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded": (
        "the account's quota of servers is used up. End servers that are not needed, or choose a smaller "
        "backstaff:aws.instance_type."
    ),
    r"InsufficientInstanceCapacity": (
        "AWS has no more servers of this type right now. Try later, or another backstaff:aws.instance_type."
    ),
    r"AddressLimitExceeded": (
        "all Elastic IPs that the account may have are in use. Release one that is not needed, or set "
        "backstaff:aws.elastic_ip to false."
    ),
    r"Resource\.AlreadyAssociated|InvalidIPAddress\.InUse": (
        "the address is in use by another server. Take it from that server in AWS's console, then try again."
    ),
    r"InvalidKeyPair\.NotFound": (
        "there is no such key pair in this region. Check backstaff:aws.key_name and backstaff:aws.region, or "
        "set backstaff:aws.public_key."
    ),
    r"Invalid(KeyPair|Group)\.Duplicate|RepositoryAlreadyExistsException": (
        f"the name is taken in this account. {OWN_NAME}."
    ),
    r"Unsupported|InvalidParameterCombination|InvalidInstanceType|UnsupportedOperation": (
        "AWS does not offer that here: the instance type may not exist in this region, or not fit the image. "
        "Choose another backstaff:aws.instance_type."
    ),
    r"UnauthorizedOperation|AccessDenied(Exception)?": f"the account may not do that. {NOT_FOR_LAB}",
    r"DependencyViolation": (
        "something that this stack did not make still uses it. Find it in AWS's console and take it away, "
        "then try again."
    ),
}


class AwsError(pulumi.RunError):
    """The account cannot be used as the settings say."""


def words_for(code: str) -> str | None:
    """Say what one of AWS's error codes means and what to do.

    Args:
        code: such as `VcpuLimitExceeded`.

    Returns:
        A sentence or two; none if there is nothing to add to AWS's own.
    """
    return next((words for pattern, words in WORDS.items() if re.fullmatch(pattern, code)), None)


def explain(text: str) -> str | None:
    """Find an error code of AWS in a message, and say what it means.

    Args:
        text: what the plugin said.

    Returns:
        As `words_for`.
    """
    # AWS's SDK writes `api error CODE: message`; older parts `Error: CODE: message` or `(CODE)`.
    found = re.search(r"api error ([A-Za-z.]+):", text) or re.search(r"\b([A-Z][A-Za-z.]+): ", text)
    return words_for(found[1]) if found else None


def hook(owner: str) -> pulumi.ErrorHook:
    """Make what tells the user, beside AWS's own error, what it means.

    Args:
        owner: the component whose resources it is for; the engine takes each name once.

    Returns:
        A hook that never asks for another try.
    """

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        words = explain(args.errors[0]) if args.errors else None
        if words:
            pulumi.log.error(f"{STEP} {args.name}: {words}")
        return False

    return pulumi.ErrorHook(f"{owner}-words", tell)
