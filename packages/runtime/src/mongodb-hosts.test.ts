import { expect, test } from 'vitest';
import { isEncryptedOrLocal } from './mongodb-hosts.ts';

test.each([
  'mongodb://127.0.0.1:27017/sluice',
  'mongodb://localhost,[::1]:27018,127.0.0.2/sluice?replicaSet=rs0',
  'mongodb://%2Ftmp%2Fmongodb-27017.sock/sluice',
  'mongodb://me:p%40ss@backup.example.org:27017,b.example.org/sluice?replicaSet=rs0&tls=true',
  'mongodb://backup.example.org/?ssl=TRUE',
  'mongodb+srv://me:secret@cluster0.example.org/sluice',
])('takes %s', (uri) => {
  expect(isEncryptedOrLocal(uri)).toBe(true);
});

test.each([
  'mongodb://backup.example.org:27017/sluice',
  'mongodb://127.0.0.1:27017,backup.example.org/sluice',
  'mongodb://me:127.0.0.1@backup.example.org/sluice',
  'mongodb://127.0.0.1@backup.example.org/sluice',
  'mongodb://10.0.0.1/sluice?tls=false',
  'mongodb://10.0.0.1/sluice?tls=true&ssl=false',
  'mongodb+srv://cluster0.example.org/sluice?tls=false',
  'mongodb://127.0.0.1.example.org/sluice',
  'http://127.0.0.1/',
])('refuses %s', (uri) => {
  expect(isEncryptedOrLocal(uri)).toBe(false);
});
