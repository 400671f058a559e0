import forge from 'node-forge';

/** A certificate for 127.0.0.1 that nobody but its owner has signed. */
export function makeCertificate(): {cert: string; key: string} {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  const name = [{name: 'commonName', value: 'an authority of our own'}];
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    {name: 'basicConstraints', cA: true},
    {name: 'subjectAltName', altNames: [{type: 7, ip: '127.0.0.1'}]},
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return {
    cert: forge.pki.certificateToPem(certificate),
    key: forge.pki.privateKeyToPem(keys.privateKey),
  };
}
