(** * Interval arithmetic

    A thin layer over Interval's certified floating-point intervals (BigInt significands): [encloses X x] says that the
    interval X contains the real x, and every operation preserves it. *)
From Coq Require Import Reals Lra Lia ZArith QArith Qreals List Bool.
From Flocq Require Import Zaux.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Sig Specific_bigint Specific_ops Float_full Xreal Basic Interval.
From Direction Require Import Vectors Polynomial.
Import ListNotations.
Open Scope R_scope.

Module F := SpecificFloat BigIntRadix2.
Module I := FloatIntervalFull F.

Definition interval := I.type.
Definition encloses (X : interval) (x : R) : Prop := contains (I.convert X) (Xreal x).

Lemma encloses_anything x : encloses I.nai x.
Proof. unfold encloses. rewrite I.nai_correct. exact Logic.I. Qed.

Section Operations.
Variable bits : positive.
Let p := F.PtoP bits.

Definition plus_i : interval -> interval -> interval := I.add p.
Definition minus_i : interval -> interval -> interval := I.sub p.
Definition times_i : interval -> interval -> interval := I.mul p.
Definition over_i : interval -> interval -> interval := I.div p.
Definition sqrt_i : interval -> interval := I.sqrt p.
Definition abs_i : interval -> interval := I.abs.
Definition integer_i (z : Z) : interval := I.fromZ p z.
Definition rational_i (q : Q) : interval := over_i (integer_i (Qnum q)) (integer_i (Zpos (Qden q))).
Definition hull_i : interval -> interval -> interval := I.join.
Definition positive_i (X : interval) : bool := match I.sign_strict X with Xgt => true | _ => false end.

Lemma plus_encloses X Y x y : encloses X x -> encloses Y y -> encloses (plus_i X Y) (x + y).
Proof. intros. apply (I.add_correct p X Y (Xreal x) (Xreal y)); auto. Qed.
Lemma minus_encloses X Y x y : encloses X x -> encloses Y y -> encloses (minus_i X Y) (x - y).
Proof. intros. apply (I.sub_correct p X Y (Xreal x) (Xreal y)); auto. Qed.
Lemma times_encloses X Y x y : encloses X x -> encloses Y y -> encloses (times_i X Y) (x * y).
Proof. intros. apply (I.mul_correct p X Y (Xreal x) (Xreal y)); auto. Qed.
Lemma abs_encloses X x : encloses X x -> encloses (abs_i X) (Rabs x).
Proof. intros. apply (I.abs_correct X (Xreal x)); auto. Qed.
Lemma sqrt_encloses X x : encloses X x -> encloses (sqrt_i X) (sqrt x).
Proof. intros H. apply (I.sqrt_correct p X (Xreal x) H). Qed.
Lemma integer_encloses z : encloses (integer_i z) (IZR z).
Proof. apply I.fromZ_correct. Qed.
Lemma over_encloses X Y x y : encloses X x -> encloses Y y -> encloses (over_i X Y) (x / y).
Proof.
  intros HX HY. assert (H := I.div_correct p X Y (Xreal x) (Xreal y) HX HY).
  simpl in H. unfold Xdiv' in H. destruct (is_zero y); [|exact H].
  unfold encloses, over_i. destruct (I.convert (I.div p X Y)); simpl in H |- *; [exact Logic.I|contradiction].
Qed.
Lemma rational_encloses q : encloses (rational_i q) (Q2R q).
Proof. apply over_encloses; apply integer_encloses. Qed.
Lemma hull_encloses X Y a b x : encloses X a -> encloses Y b -> a <= x <= b -> encloses (hull_i X Y) x.
Proof.
  intros HX HY Hx.
  assert (A := I.join_correct X Y (Xreal a) (or_introl HX)). assert (B := I.join_correct X Y (Xreal b) (or_intror HY)).
  exact (contains_connected _ _ _ A B x Hx).
Qed.
Lemma positive_sound X x : encloses X x -> positive_i X = true -> 0 < x.
Proof.
  intros H. unfold positive_i. assert (S := I.sign_strict_correct X).
  destruct (I.sign_strict X); try discriminate. intros _. apply (S _ H).
Qed.

(** X < Y for whatever they enclose. *)
Definition less_i (X Y : interval) : bool := positive_i (minus_i Y X).
Lemma less_sound X Y x y : encloses X x -> encloses Y y -> less_i X Y = true -> x < y.
Proof. intros HX HY H. apply (positive_sound _ _ (minus_encloses _ _ _ _ HY HX)) in H. lra. Qed.

Fixpoint power_i (X : interval) (k : nat) : interval :=
  match k with
  | O => integer_i 1
  | S O => X
  | S j => times_i X (power_i X j)
  end.
Lemma power_encloses X x k : encloses X x -> encloses (power_i X k) (x ^ k).
Proof.
  intros H. induction k as [|[|k] IH].
  - apply (integer_encloses 1).
  - simpl. rewrite Rmult_1_r. exact H.
  - change (encloses (times_i X (power_i X (S k))) (x * x ^ S k)). apply times_encloses; auto.
Qed.

(** Vectors: lists of intervals. *)
Definition encloses_vector (X : list interval) (x : vector) : Prop := forall i, encloses (nth i X I.nai) (x i).

Lemma encloses_map n (f : nat -> interval) (x : vector) :
  (forall i, (i < n)%nat -> encloses (f i) (x i)) -> encloses_vector (map f (seq 0 n)) x.
Proof.
  intros H i. destruct (Nat.lt_ge_cases i n) as [Hi|Hi].
  - rewrite nth_indep with (d' := f 0%nat) by (rewrite map_length, seq_length; exact Hi).
    rewrite (map_nth f), seq_nth by exact Hi. apply H, Hi.
  - rewrite nth_overflow by (rewrite map_length, seq_length; exact Hi). apply encloses_anything.
Qed.

Lemma encloses_tail X x : encloses_vector X x -> encloses_vector (tl X) (tail_of x).
Proof.
  intros H i. specialize (H (S i)). destruct X as [|A X]; simpl in *; [destruct i; apply encloses_anything|exact H].
Qed.

Lemma encloses_head X x : encloses_vector X x -> encloses (hd I.nai X) (x 0%nat).
Proof. intros H. specialize (H 0%nat). destruct X; exact H. Qed.

Fixpoint dot_i (n : nat) (X Y : list interval) : interval :=
  match n with
  | O => integer_i 0
  | S m => plus_i (times_i (hd I.nai X) (hd I.nai Y)) (dot_i m (tl X) (tl Y))
  end.
Lemma dot_encloses n : forall X Y x y, encloses_vector X x -> encloses_vector Y y -> encloses (dot_i n X Y) (dot n x y).
Proof.
  induction n as [|n IH]; intros X Y x y HX HY.
  - apply (integer_encloses 0).
  - rewrite dot_front. simpl. apply plus_encloses.
    + apply times_encloses; apply encloses_head; assumption.
    + apply IH; apply encloses_tail; assumption.
Qed.

Definition norm_i (n : nat) (X : list interval) : interval := sqrt_i (dot_i n X X).
Lemma norm_encloses n X x : encloses_vector X x -> encloses (norm_i n X) (norm n x).
Proof. intros H. apply sqrt_encloses, dot_encloses; exact H. Qed.

Definition rationals_i (l : list Q) : list interval := map rational_i l.
Lemma rationals_encloses l n : (length l = n)%nat -> encloses_vector (rationals_i l) (vector_of l).
Proof.
  intros _ i. unfold rationals_i, vector_of. destruct (Nat.lt_ge_cases i (length l)) as [Hi|Hi].
  - rewrite nth_indep with (d' := rational_i 0) by (rewrite map_length; exact Hi).
    rewrite (map_nth rational_i). apply rational_encloses.
  - rewrite nth_overflow by (rewrite map_length; exact Hi). apply encloses_anything.
Qed.

(** Polynomials with enclosed coefficients. *)
Fixpoint monomial_i (e : exponents) (X : list interval) (factor : interval) : interval :=
  match e with
  | nil => factor
  | k :: e' => monomial_i e' (tl X) (match k with O => factor | _ => times_i factor (power_i (hd I.nai X) k) end)
  end.
Lemma monomial_encloses e : forall X x A a, encloses_vector X x -> encloses A a ->
  encloses (monomial_i e X A) (a * monomial e x).
Proof.
  induction e as [|k e IH]; intros X x A a HX HA; cbn [monomial_i monomial].
  - rewrite Rmult_1_r. exact HA.
  - rewrite <- Rmult_assoc. apply IH; [apply encloses_tail, HX|]. destruct k as [|k].
    + simpl. rewrite Rmult_1_r. exact HA.
    + apply times_encloses; [exact HA|]. apply power_encloses, encloses_head, HX.
Qed.

Definition coefficients_i (q : polynomial) : list (interval * exponents) := map (fun '(c, e) => (rational_i c, e)) q.
Fixpoint evaluate_i (q : list (interval * exponents)) (X : list interval) : interval :=
  match q with
  | nil => integer_i 0
  | (c, e) :: q' => plus_i (monomial_i e X c) (evaluate_i q' X)
  end.
Lemma evaluate_encloses q X x : encloses_vector X x -> encloses (evaluate_i (coefficients_i q) X) (evaluate q x).
Proof.
  intros HX. induction q as [|[c e] q IH]; cbn [coefficients_i map evaluate_i evaluate].
  - apply (integer_encloses 0).
  - apply plus_encloses; [|exact IH]. apply monomial_encloses; [exact HX|apply rational_encloses].
Qed.

Fixpoint absolute_i (q : polynomial) : interval :=
  match q with
  | nil => integer_i 0
  | (c, e) :: q' => plus_i (times_i (abs_i (rational_i c)) (sqrt_i (rational_i (kappa_squared e)))) (absolute_i q')
  end.
Lemma absolute_encloses q : encloses (absolute_i q) (absolute q).
Proof.
  induction q as [|[c e] q IH]; cbn [absolute_i absolute].
  - apply (integer_encloses 0).
  - apply plus_encloses; [|exact IH]. apply times_encloses.
    + apply abs_encloses, rational_encloses.
    + apply sqrt_encloses, rational_encloses.
Qed.

Fixpoint sum_list_i (l : list nat) (f : nat -> interval) : interval :=
  match l with
  | nil => integer_i 0
  | q :: l' => plus_i (f q) (sum_list_i l' f)
  end.
Lemma sum_list_encloses l F f : (forall q, encloses (F q) (f q)) -> encloses (sum_list_i l F) (sum_list l f).
Proof.
  intros H. induction l as [|q l IH]; cbn [sum_list_i sum_list].
  - apply (integer_encloses 0).
  - apply plus_encloses; auto.
Qed.
End Operations.

#[export] Hint Resolve plus_encloses minus_encloses times_encloses over_encloses abs_encloses sqrt_encloses integer_encloses
  rational_encloses power_encloses norm_encloses dot_encloses : encloses.
