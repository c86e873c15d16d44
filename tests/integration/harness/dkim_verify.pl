# The second verifier, Mail::DKIM: reads a message, looks keys up in a file of "NAME RECORD" lines instead of DNS, and
# prints "SELECTOR RESULT DETAIL" for each signature.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;
use Net::DNS;

package Table;

sub new { my ($class, %records) = @_; return bless {%records}, $class; }
sub errorstring { return 'NOERROR'; }

sub send {
    my ($self, $name, $type) = @_;
    my $packet = Net::DNS::Packet->new($name, $type);
    my $record = $self->{$name};
    $packet->header->rcode(defined $record ? 'NOERROR' : 'NXDOMAIN');
    $packet->push(answer => Net::DNS::RR->new(
        name => $name, type => 'TXT', ttl => 1, txtdata => [unpack '(A255)*', $record])) if defined $record;
    return $packet;
}

package main;

my ($keys, $message) = @ARGV;
open my $table, '<', $keys or die "$keys: $!";
my %records = map { chomp; split / /, $_, 2 } <$table>;
Mail::DKIM::DNS::resolver(Table->new(%records));
open my $file, '<:raw', $message or die "$message: $!";
my $verifier = Mail::DKIM::Verifier->new;
$verifier->load($file);
for my $signature ($verifier->signatures) {
    print join(' ', $signature->selector, $signature->result, $signature->result_detail), "\n";
}
