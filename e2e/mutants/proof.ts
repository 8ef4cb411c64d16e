/** Tests of one project that are run together. */
export type Proof = {
  readonly project: 'unit' | 'integration';
  /** From the root. */
  readonly files: readonly string[];
  /** Runs only the tests whose full name matches this expression; all of the files by default. */
  readonly named?: string;
};

/** Names tests that need no server. */
export function unit(...files: readonly string[]): Proof {
  return { project: 'unit', files };
}

/** Names tests that need Redis and MongoDB. */
export function integration(...files: readonly string[]): Proof {
  return { project: 'integration', files };
}

/** Restricts a proof to tests of this name. */
export function only(named: string, proof: Proof): Proof {
  return { ...proof, named };
}

/** Joins proofs that can be run together, so that each test file is run once. */
export function joinProofs(proofs: readonly Proof[]): readonly Proof[] {
  const groups = Map.groupBy(proofs, ({ project, named }) => JSON.stringify([project, named]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ ...first, files: [...new Set(group.flatMap(({ files }) => files))] }];
  });
}
